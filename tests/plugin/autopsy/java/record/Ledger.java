package record;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What the modules did, as JSON. */
public final class Ledger {
    private static final List<String> LINES = new ArrayList<>();

    private Ledger() {}

    /** Note an event; names and values alternate. */
    public static void write(String event, Object... details) {
        Map<String, Object> named = new LinkedHashMap<>();
        for (int index = 0; index < details.length; index += 2) {
            named.put((String) details[index], details[index + 1]);
        }
        write(event, named);
    }

    public static synchronized void write(String event, Map<String, Object> details) {
        StringBuilder line = new StringBuilder("{\"event\": ").append(json(event));
        details.forEach((name, value) -> line.append(", ").append(json(name)).append(": ").append(json(value)));
        LINES.add(line.append("}").toString());
    }

    /** Everything noted since the last call, as a JSON array. */
    public static synchronized String take() {
        String text = "[" + String.join(",\n", LINES) + "]";
        LINES.clear();
        return text;
    }

    public static String sha256(byte[] data) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException(error);
        }
    }

    private static String json(Object value) {
        if (value == null || value instanceof Number || value instanceof Boolean) {
            return String.valueOf(value);
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Ledger::json).collect(Collectors.joining(", ", "[", "]"));
        }
        StringBuilder text = new StringBuilder("\"");
        for (char letter : value.toString().toCharArray()) {
            if (letter < ' ' || letter > '~' || letter == '"' || letter == '\\') {
                text.append(String.format("\\u%04x", (int) letter));
            } else {
                text.append(letter);
            }
        }
        return text.append('"').toString();
    }
}
