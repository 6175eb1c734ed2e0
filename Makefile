# make demo    install into .venv and run the main job on the demo evidence into ./demo-out
# make test    install everything the tests need and run lint, type check and tests
# make bench   time and score carvers, ours and Debian's, on an image of real JPEGs (MEDIA=DIR)
# make bench-files  count and time photos from file systems that are full, beside Debian's tools (FILE_SYSTEMS=DIR)
# make undamaged  restore every undamaged JPEG of a folder of kinds and tell what does not come out as it was (DIR=…)
# make fuzz    fuzz every parser of foreign bytes, each for FUZZ_SECONDS, kernels with their bounds checked
# make same-reports BEFORE=REV    show that reports are as those of an earlier revision
# make sample  rebuild the demo evidence from camera photos (PHOTOS=DIR)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
MEDIA ?= ../shared/data
FILE_SYSTEMS ?= ../shared/data/forensic/fs
BENCH := /tmp/carve-restore-bench
PEERS := testdisk=photorec groff-base=groff sleuthkit=fls foremost=foremost scalpel=scalpel recoverjpeg=recoverjpeg
FUZZ := /tmp/carve-restore-fuzz
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?= jpeg_header jpeg_carve jpeg_decode jpeg_restore jpeg_preview ewf raw_media android_sparse zip_archive tar_archive \
	volumes luks1 luks2 android_footer f2fs structures nand ext fscrypt_context fscrypt_ext fscrypt_names ext_journal ntfs_record \
	lznt1 sqlite rescue_map file_list custody_log report_json
PHOTOS ?= ../shared/data/photos
UNDAMAGED_OPTIONS ?=
DEMO := sample_images/demo
DEBIAN_PACKAGES := qemu-utils=qemu-img cryptsetup-bin=cryptsetup ewf-tools=ewfacquire e2fsprogs=mke2fs jython=jython \
	fdisk=sfdisk dosfstools=mkfs.vfat mtools=mcopy ntfs-3g=ntfscp f2fs-tools=mkfs.f2fs android-sdk-libsparse-utils=img2simg zip=zip \
	exfatprogs=mkfs.exfat \
	default-jdk-headless=javac openssh-client=ssh-keygen chromium=chromium strace=strace \
	testdisk=photorec libjpeg-turbo-progs=cjpeg gddrescue=ddrescue

INSTALLED := $(VENV)/.installed
INSTALLED_FOR_TEST := $(VENV)/.installed-for-test

.PHONY: demo test bench bench-files undamaged same-reports fuzz sample
export PATH := $(PATH):/usr/sbin:/sbin

.SILENT:

demo: $(INSTALLED)
	rm -rf demo-out
	$(BIN)/carve-restore $(DEMO).E01 --key file:$(DEMO).key -o demo-out
	echo "The report is demo-out/report.json"

test: $(INSTALLED_FOR_TEST)
	tests/install_debian_packages.sh $(DEBIAN_PACKAGES)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy --no-error-summary
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile --durations 25

bench: $(INSTALLED_FOR_TEST)
	tests/install_debian_packages.sh $(PEERS)
	mkdir -p $(BENCH)
	$(BIN)/python -m tests.bench.carver_image $(MEDIA) $(BENCH)/medium.img
	$(BIN)/python -m tests.bench.carver_peers $(BENCH)/medium.img

bench-files: $(INSTALLED_FOR_TEST)
	tests/install_debian_packages.sh $(PEERS)
	$(BIN)/python -m tests.bench.file_system_peers $(FILE_SYSTEMS)

same-reports: $(INSTALLED_FOR_TEST)
	$(BIN)/python -m tests.bench.same_reports $(BEFORE) --collection $(MEDIA)

undamaged: $(INSTALLED_FOR_TEST)
	$(BIN)/python -m tests.bench.undamaged $(DIR) $(UNDAMAGED_OPTIONS)

fuzz: $(INSTALLED_FOR_TEST)
	for target in $(FUZZ_TARGETS); do \
		mkdir -p $(FUZZ)/$$target/finds && \
		NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(FUZZ)/kernels $(BIN)/python -m tests.fuzz.run $$target \
			$(FUZZ)/$$target/corpus -max_total_time=$(FUZZ_SECONDS) -timeout=60 -rss_limit_mb=4096 -max_len=65536 -print_final_stats=1 -artifact_prefix=$(FUZZ)/$$target/finds/ || exit 1; \
	done

sample: $(INSTALLED_FOR_TEST)
	tests/install_debian_packages.sh $(DEBIAN_PACKAGES)
	$(BIN)/python -m sample_images.build_demo --photos $(PHOTOS)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "carve-restore needs Python 3.11 or newer")'
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tests/install_debian_packages.sh python3-venv
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --editable . --constraint constraints.txt
	touch $@

$(INSTALLED_FOR_TEST): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --editable '.[test]' --constraint constraints.txt
	touch $(INSTALLED) $@
