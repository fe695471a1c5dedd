# A table of contents: what each line calls is a script or one command. `make` alone builds.
BUILD = swift build -c release --static-swift-stdlib --explicit-target-dependency-import-check error
PREFIX ?= /usr

build:
	.ci/packages build
	$(BUILD)

run: build
	.build/release/roostd --config Config/roost.yaml --state .roost/state --runtime .roost/run

test: build
	.ci/packages test
	.ci/test

lint:
	.ci/packages lint
	.ci/lint

bench: build
	.ci/packages bench
	Tests/Benchmarks/run --build-dir .build/release --json .build/bench.json

soak: build
	.ci/packages bench
	.ci/test --soak
	Tests/Benchmarks/run --build-dir .build/release --json .build/soak.json --soak

fuzz:
	.ci/packages build
	.ci/fuzz

coverage:
	.ci/packages test
	.ci/coverage

install:
	.ci/install "$(DESTDIR)" "$(PREFIX)"

deb: build
	.ci/packages deb
	.ci/deb

clean:
	rm -rf .build

.PHONY: build run test lint bench soak fuzz coverage install deb clean
