"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const files = data.files;
  const at = (id) => document.getElementById(id);
  const BATCH = 120;
  const chosen = new Set(data.statuses.map((status) => status.name));
  const colours = { intact: "#2e7d32", exact: "#1565c0", repaired: "#00838f", restored: "#f9a825", partial: "#c62828", unrecoverable: "#212121",
    carved: "#546e7a", failed: "#7b1fa2" };
  let shown = [], drawn = 0, current = -1, zoom = 0, natural = [1, 1], opener = null;

  // Everything reaches the page as text, never as markup.
  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }
  function picture(source, className, label) {
    const image = make("img", className);
    image.alt = label;
    image.loading = "lazy";
    image.decoding = "async";
    image.src = source;
    return image;
  }
  // Never rounded to certainty; as the custody reports say it.
  const percent = (value) => (value >= 0.9999 ? "over 99.99 %" : value >= 0.0001 ? `${(100 * value).toFixed(2)} %` : "under 0.01 %");
  const bytes = (count) => count.toLocaleString("en") + " bytes";
  const turnOf = (file) => (file.exif.orientation > 1 ? " turn-" + Number(file.exif.orientation) : "");
  const damage = (file) => (file.mcus.total ? 1 - (file.mcus.intact + file.mcus.repaired) / file.mcus.total : 2);

  const inFolder = (file) => !at("folder").value || (file.folder !== null && (file.folder + "/").startsWith(at("folder").value + "/"));
  function fromOrigin(file) {
    const origin = at("origin").value;
    return !origin || (origin === "deleted" ? file.deleted === true : file.origin === origin && !(origin === "file system" && file.deleted));
  }
  function drawPlaces() {
    const folders = new Map();
    for (const file of files) {
      for (let folder = file.folder; folder && folder !== "/"; folder = folder.slice(0, folder.lastIndexOf("/"))) {
        folders.set(folder, (folders.get(folder) || 0) + 1);
      }
    }
    for (const folder of [...folders.keys()].sort()) {
      const option = make("option", "", `${folder} (${folders.get(folder)})`);
      option.value = folder;
      at("folder").append(option);
    }
    at("places").hidden = !files.some((file) => file.folder !== null);
  }

  function drawFilters() {
    for (const status of data.statuses) {
      const button = make("button", "filter " + status.name, `${status.name} ${status.count}`);
      button.type = "button";
      button.title = status.meaning;
      button.dataset.status = status.name;
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(on));
        if (on) chosen.add(status.name); else chosen.delete(status.name);
        choose();
      });
      at("filters").append(button);
    }
  }

  function choose() {
    const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = [];
    files.forEach((file, index) => {
      if (chosen.has(file.status) && inFolder(file) && fromOrigin(file) && words.every((word) => file.words.includes(word))) shown.push(index);
    });
    const order = at("order").value;
    if (order === "damage") shown.sort((a, b) => damage(files[b]) - damage(files[a]) || a - b);
    if (order === "size") shown.sort((a, b) => files[b].size - files[a].size || a - b);
    if (order === "taken") shown.sort((a, b) => (files[a].exif.taken || "~").localeCompare(files[b].exif.taken || "~") || a - b);
    at("gallery").replaceChildren();
    drawn = 0;
    at("count").textContent = `${shown.length} of ${files.length} shown`;
    drawMore();
  }

  function drawMore() {
    const batch = document.createDocumentFragment();
    for (const index of shown.slice(drawn, drawn + BATCH)) batch.append(card(index));
    drawn = Math.min(drawn + BATCH, shown.length);
    at("gallery").append(batch);
  }

  function card(index) {
    const file = files[index];
    const item = make("li");
    const button = make("button", "card " + file.status);
    button.type = "button";
    button.dataset.index = index;
    const frame = make("span", "frame");
    const source = file.images.restored || file.images.found;
    if (source) frame.append(picture(source, turnOf(file).trim(), `Picture at offset ${file.offset}`));
    else frame.append(make("span", "none", "no picture"));
    if (file.images.thumbnail) frame.append(picture(file.images.thumbnail, "small" + turnOf(file), "its thumbnail"));
    const caption = make("span", "caption");
    caption.append(make("b", "", file.stem), make("span", "", file.status + (file.flips.length ? `, bits reversed: ${file.flips.length}` : "")));
    button.append(frame, caption);
    button.addEventListener("click", () => open(index, button));
    item.append(button);
    return item;
  }

  function open(index, from) {
    current = index;
    if (from) opener = from;
    const file = files[index];
    at("name").textContent = `${file.stem}: ${file.status}`;
    at("made").textContent = file.output.repaired ? "repaired" : "restored";
    const place = shown.indexOf(index);
    at("previous").disabled = place <= 0;
    at("next").disabled = place < 0 || place >= shown.length - 1;
    at("facts").replaceChildren(...facts(file));
    at("facts").scrollTop = 0;
    stage(file);
    if (!at("sheet").open) { at("sheet").showModal(); at("port").focus(); }
    layout();
  }

  // The full-size files beside this page are better than the small copies in it; the copies do where those are not there.
  function layer(full, small, className, label) {
    const image = make("img", className);
    image.alt = label;
    image.addEventListener("load", () => {
      if (image.isConnected && (className === "before" || className === "after")) {
        natural = [image.naturalWidth, image.naturalHeight];
        layout();
        at("scale").textContent = image.src === new URL(full || "", document.baseURI).href ? "full size" : "small copy";
      }
    });
    image.addEventListener("error", () => {
      if (small && image.getAttribute("src") !== small) image.src = small; else image.remove();
    });
    image.src = full || small;
    return image;
  }

  function stage(file) {
    const layers = [];
    const path = (kind) => (file.output[kind] ? encodeURI(file.output[kind].path) : null);
    natural = [360, 360];
    zoom = 0;
    at("scale").textContent = "";
    layers.push(layer(path("carved"), file.images.found, "before", "The carved file as this browser shows it"));
    const after = path("repaired") || path("restored");
    if (after) layers.push(layer(after, file.images.restored, "after", "The picture that was made of it"));
    if (after) layers.push(make("div", "divide"));
    if (file.output.provenance) layers.push(layer(path("provenance"), file.images.provenance, "overlay", "Provenance of every block"));
    at("stage").replaceChildren(...layers);
    at("sliding").hidden = !after;
    at("overlaying").hidden = at("legend").hidden = !file.output.provenance;
    at("slide").value = 50;
    slide();
    overlay();
  }

  function slide() {
    const share = Number(at("slide").value);
    const after = at("stage").querySelector(".after"), divide = at("stage").querySelector(".divide");
    if (after) after.style.clipPath = `inset(0 0 0 ${share}%)`;
    if (divide) divide.style.left = `calc(${share}% - 1px)`;
  }
  function overlay() {
    const image = at("stage").querySelector(".overlay");
    if (image) image.hidden = !at("overlay").checked;
  }

  function layout() {
    if (current < 0) return;
    const [width, height] = natural;
    const turn = at("turn").checked ? Number(files[current].exif.orientation || 1) : 1;
    const lying = turn >= 5;
    const port = at("port");
    const fit = Math.min((port.clientWidth - 4) / (lying ? height : width), (port.clientHeight - 4) / (lying ? width : height));
    const scale = zoom || Math.max(fit, 0.01);
    const stage = at("stage"), turned = at("turned");
    stage.style.width = `${width * scale}px`;
    stage.style.height = `${height * scale}px`;
    stage.style.marginLeft = `${(-width * scale) / 2}px`;
    stage.style.marginTop = `${(-height * scale) / 2}px`;
    stage.className = "stage" + (turn > 1 ? ` turn-${turn}` : "");
    turned.style.width = `${(lying ? height : width) * scale}px`;
    turned.style.height = `${(lying ? width : height) * scale}px`;
    at("zoom").textContent = `${Math.round(scale * 100)} %`;
    return scale;
  }
  function magnify(factor) {
    zoom = Math.min(16, Math.max(0.02, layout() * factor));
    layout();
  }

  function section(title, ...content) {
    return [make("h3", "", title), ...content];
  }
  function pairs(entries) {
    const list = make("dl");
    for (const [name, value] of entries) list.append(make("dt", "", name), make("dd", "", value));
    return list;
  }
  function table(head, rows) {
    const element = make("table"), body = make("tbody"), top = make("tr");
    for (const name of head) top.append(make("th", "", name));
    body.append(top);
    for (const row of rows) {
      const line = make("tr");
      for (const cell of row) line.append(make("td", "", cell));
      body.append(line);
    }
    element.append(body);
    return element;
  }

  // Which stretches of stored bits the picture consists of, those without a place as strips, and what lies between.
  function explanation(file) {
    const parts = [], runs = (list) => list.map((run) => `${run.offset} +${run.length}`).join(", ");
    if (file.segments.length) {
      const rows = file.segments.map((segment, index) => [index + 1, `${segment.stored_bytes.offset} +${segment.stored_bytes.length}`,
        runs(segment.evidence_runs), segment.mcus, segment.placed ? `from block ${segment.first_mcu + 1} on` : "unplaced",
        segment.posterior.toFixed(4), segment.rests_on.join(", ")]);
      parts.push(...section(`Stored segments: ${file.segments.length}`, make("p", "hint", data.segments_said),
        table(["no.", "bytes of the file", "of the evidence", "blocks", "place", "sure to", "rests on"], rows)));
    }
    for (const strip of file.strips) {
      const segment = file.segments[strip.number - 1], figure = make("figure", "strip"), link = make("a");
      link.href = encodeURI(strip.path);
      link.append(picture(strip.small, "", `Segment ${strip.number}, which has no place in the picture`));
      figure.append(link, make("figcaption", "hint", `segment ${strip.number}, unplaced: ${segment.mcus} blocks`));
      parts.push(figure);
    }
    if (file.gaps.length) {
      parts.push(...section(`Gaps: ${file.gaps.length}`, make("p", "hint", data.gaps_said),
        table(["bytes of the file", "of the evidence", "what stands there", "blocks lost"], file.gaps.map((gap) =>
          [`${gap.bytes.offset} +${gap.bytes.length}`, runs(gap.evidence_runs), `${gap.kind}: ${data.gap_kinds[gap.kind]}`, gap.mcus ?? "unknown"]))));
    }
    return parts;
  }

  function facts(file) {
    const parts = [];
    const meaning = data.statuses.find((status) => status.name === file.status).meaning;
    parts.push(make("p", "", `${file.status}: ${meaning}.`));
    if (file.exact_probability !== null) parts.push(make("p", "", `The ${data.exactness}: ${percent(file.exact_probability)}.`));
    if (file.warning) parts.push(make("p", "warning", `${file.warning}.`));
    if (file.error) parts.push(make("p", "", `The tool failed on this file: ${file.error}`));
    if (file.images.thumbnail) parts.push(picture(file.images.thumbnail, "thumb" + turnOf(file), "The thumbnail in its header"));
    const doubled = file.carving.duplicate_of ? `; the same bytes as ${file.carving.duplicate_of}` : "";
    parts.push(make("p", "", `As carved: ${file.carving.state}, confidence ${file.carving.confidence.toFixed(2)}${doubled}.`));
    parts.push(...section("Where it was found", pairs([
      ["layer", file.layer], ...(file.volume ? [["volume", String(file.volume)]] : []), ["offset", String(file.offset)], ["size", bytes(file.size)], ["ends", file.ending === "eoi" ? "at its end marker" : "without an end marker"],
      ["found through", file.origin],
      ["in the layer", file.byte_runs.map((run) => `${run.offset === null ? "hole" : run.offset} +${run.length}`).join(", ")],
      ["in the evidence", file.evidence_runs.map((run) => `${run.offset} +${run.length}`).join(", ")]])));
    if (file.mcus.total) {
      parts.push(...section(`Its blocks (MCUs): ${file.mcus.total}`, table(["provenance", "blocks", "meaning"],
        data.provenances.filter(([name]) => file.mcus[name]).map(([name, said]) => [name, file.mcus[name], said]))));
    }
    parts.push(...explanation(file));
    if (file.flips.length) {
      parts.push(...section(`Reversed bits: ${file.flips.length}`, table(["byte of the evidence", "bit (0 = highest)", "gain", "margin", "probability"],
        file.flips.map((flip) => [flip.evidence_offset, flip.bit, flip.gain.toFixed(1), flip.margin === null ? "no second candidate" : flip.margin.toFixed(1), percent(flip.probability)]))));
    }
    const kinds = Object.entries(file.output).filter(([, output]) => output);
    for (const [kind, output] of kinds) {
      const link = make("a", "mono", output.path);
      link.href = encodeURI(output.path);
      const hash = make("p", "mono", `${bytes(output.size)}, SHA-256 ${output.sha256}`);
      parts.push(make("h3", "", kind), make("p", "soft", `${data.natures[kind]} (${output.covers})`), link, hash);
    }
    if (file.told.length) parts.push(...section("What others say of it", make("p", "hint", data.told_by_others), pairs(file.told)));
    const claims = Object.entries(file.exif);
    if (claims.length) parts.push(...section("Claims of its Exif", make("p", "hint", data.claims), pairs(claims)));
    if (file.opaque_bytes) parts.push(make("p", "hint", `${file.opaque_bytes} header bytes are covered by no redundancy: a flip in them would show nowhere.`));
    if (file.notes.length) {
      const list = make("ul", "notes");
      for (const note of file.notes) list.append(make("li", "", note));
      parts.push(...section("Remarks", list));
    }
    const page = make("a", "", "Custody report of this file");
    page.href = `files/${encodeURIComponent(file.stem)}.html`;
    parts.push(make("p"), page);
    return parts;
  }

  function drawMap() {
    const canvas = at("map"), context = canvas.getContext("2d");
    canvas.width = Math.max(300, canvas.clientWidth * (window.devicePixelRatio || 1));
    const per = canvas.width / Math.max(1, data.size);
    const mark = (run, top, height) => context.fillRect(run.offset * per, top, Math.max(1.5, run.length * per), height);
    context.clearRect(0, 0, canvas.width, 56);
    context.fillStyle = "#f3f5f7";
    context.fillRect(0, 0, canvas.width, 38);
    for (const file of files) {
      context.fillStyle = colours[file.status];
      for (const run of file.evidence_runs) mark(run, 3, 32);
    }
    context.fillStyle = "#c62828";
    for (const run of data.damaged) mark(run, 40, 14);
    context.fillStyle = "#1565c0";
    for (const file of files) for (const flip of file.flips) mark({ offset: flip.evidence_offset, length: 1 }, 42, 10);
  }
  function nearest(offset) {
    let best = -1, least = Infinity;
    files.forEach((file, index) => {
      for (const run of file.evidence_runs) {
        const distance = offset < run.offset ? run.offset - offset : Math.max(0, offset - run.offset - run.length);
        if (distance < least) [best, least] = [index, distance];
      }
    });
    return best;
  }

  function step(by) {
    const place = shown.indexOf(current) + by;
    if (place >= 0 && place < shown.length) open(shown[place]);
  }

  at("search").addEventListener("input", choose);
  at("order").addEventListener("change", choose);
  at("folder").addEventListener("change", choose);
  at("origin").addEventListener("change", choose);
  at("slide").addEventListener("input", slide);
  at("overlay").addEventListener("change", overlay);
  at("turn").addEventListener("change", layout);
  at("close").addEventListener("click", () => at("sheet").close());
  at("sheet").addEventListener("close", () => { current = -1; at("stage").replaceChildren(); if (opener) opener.focus(); });
  at("previous").addEventListener("click", () => step(-1));
  at("next").addEventListener("click", () => step(1));
  at("in").addEventListener("click", () => magnify(1.4));
  at("out").addEventListener("click", () => magnify(1 / 1.4));
  at("fit").addEventListener("click", () => { zoom = 0; layout(); });
  at("full").addEventListener("click", () => { zoom = 1; layout(); });
  at("map").addEventListener("click", (event) => {
    const box = at("map").getBoundingClientRect();
    const index = nearest(((event.clientX - box.left) / box.width) * data.size);
    if (index >= 0) open(index, null);
  });
  at("port").addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    magnify(event.deltaY < 0 ? 1.2 : 1 / 1.2);
  }, { passive: false });
  at("port").addEventListener("pointermove", (event) => {
    if (event.buttons !== 1) return;
    at("port").scrollLeft -= event.movementX;
    at("port").scrollTop -= event.movementY;
  });
  document.addEventListener("keydown", (event) => {
    if (!at("sheet").open) {
      if (event.key === "/" && document.activeElement !== at("search")) { event.preventDefault(); at("search").focus(); }
      return;
    }
    const slider = document.activeElement === at("slide");
    if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && !slider) {
      event.preventDefault();
      step(event.key === "ArrowLeft" ? -1 : 1);
    }
    else if (event.key === "o" || event.key === "O") { at("overlay").checked = !at("overlay").checked; overlay(); }
    else if (event.key === "b" || event.key === "B") { at("slide").value = Number(at("slide").value) < 100 ? 100 : 0; slide(); }
    else if (event.key === "+") magnify(1.4);
    else if (event.key === "-") magnify(1 / 1.4);
    else if (event.key === "0") { zoom = 0; layout(); }
  });
  window.addEventListener("resize", () => { drawMap(); layout(); });
  window.addEventListener("beforeprint", () => { while (drawn < shown.length) drawMore(); });
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting) && drawn < shown.length) drawMore();
  }, { rootMargin: "900px" }).observe(at("more"));

  drawFilters();
  drawPlaces();
  choose();
  drawMap();
})();
