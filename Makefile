# The commands of scale-test. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help scale-test simulate fidelity components image e2e-remote e2e-tune soak soak-hour test verify audit reliability schema known bench clean

PLAN   ?= single-node
TARGET ?=
REPEAT ?=
CLUSTERS ?=
CONFIRM ?=
ARGS   ?=
SEEDS  ?=
SEED   ?= 1
KILLS  ?=
MINUTES ?=
KUBERNETES ?=
IMAGE_REGISTRY ?=
BUILDER ?= auto
# Bounded generations: on a machine with much memory, Node would not collect before it has taken a gigabyte. The young one has its size from the
# beginning: growing into it took a simulation a tenth of its time. Raise MEMORY for bigger plans.
MEMORY ?= 2000

# Recipes take these from the environment, as they were written: to the shell, a value is one word whatever it holds.
values := PLAN TARGET REPEAT CLUSTERS CONFIRM SEEDS SEED KILLS MINUTES KUBERNETES IMAGE_REGISTRY BUILDER MEMORY
$(foreach name,$(values),$(eval override $(name) := $$(value $(name))))
export $(values)

# The project brings its own Node for Linux on x64 and arm64. Elsewhere it takes an installed one.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
installed := node_modules/.package-lock.json
program := node --min-semi-space-size=32 --max-semi-space-size=32 --max-old-space-size="$$MEMORY" src/start.cjs

help: ## List these commands
	@echo 'make scale-test PLAN=5k-nodes'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo
	@echo 'Variables of scale-test: PLAN (a name in plans/ or a file), TARGET (sim, local, remote), REPEAT (times per arm),'
	@echo '  KUBERNETES (such as 1.36; of components and image, too), CLUSTERS (a file, for TARGET=remote),'
	@echo '  CONFIRM (contexts that look like production), ARGS'
	@echo 'Variable of fidelity: SEED (draws settings that nobody chose; 1)'
	@echo 'Variables of image: IMAGE_REGISTRY (pushes there), BUILDER (auto, docker, buildah, none)'

# `exec`: a signal to make then ends the program, not only a shell around it.
scale-test: $(installed) ## Run a plan and report: PLAN, TARGET, REPEAT, KUBERNETES, CLUSTERS, CONFIRM, ARGS
	@set -f -- $(ARGS); for context in $$CONFIRM; do set -- "$$@" --confirm="$$context"; done; \
	exec $(program) run $${TARGET:+--target="$$TARGET"} $${REPEAT:+--repeat="$$REPEAT"} $${KUBERNETES:+--kubernetes="$$KUBERNETES"} \
		$${CLUSTERS:+--clusters="$$CLUSTERS"} "$$@" -- "$$PLAN"

simulate: $(installed) ## Try a small plan under the faults of many seeds: SEEDS
	@exec $(program) simulate $${SEEDS:+--seeds="$$SEEDS"}

fidelity: $(installed) ## Calibrate, measure and simulate the same probes, and print by how much each cell is off (about 35 minutes, an estimate): SEED
	@$(program) calibrate --output reports/fidelity-calibration.json
	@$(program) run experiments/fidelity --target local
	@$(program) run experiments/fidelity-300-pods --target local
	@$(program) run experiments/fidelity-unbound --target local
	@folder=$$(mktemp -d) && trap 'rm -r "$$folder"' EXIT && \
	node scripts/fidelity.ts --draw "$$SEED" > "$$folder/drawn.yaml" && $(program) run --target=local -- "$$folder/drawn.yaml"
	@node scripts/fidelity.ts --seed "$$SEED" --calibration reports/fidelity-calibration.json

components: $(installed) ## Build etcd, the control plane and the hollow node (once; needs Go): KUBERNETES
	@exec $(program) components $${KUBERNETES:+--kubernetes="$$KUBERNETES"}

image: $(installed) ## Build the image of hollow nodes: KUBERNETES, IMAGE_REGISTRY, BUILDER
	@exec $(program) image --builder="$$BUILDER" $${KUBERNETES:+--kubernetes="$$KUBERNETES"} \
		$${IMAGE_REGISTRY:+--registry="$$IMAGE_REGISTRY"}

test: $(installed) ## Run all tests; suites with real components need `make components`
	@node scripts/test.ts

e2e-remote: $(installed) ## Run target remote on a host cluster of real parts (five to seven minutes; needs root, containerd, runc, CNI plugins)
	@CI=true vitest run test/e2e-remote

e2e-tune: $(installed) ## Tune ssh hosts and put them back, under faults (needs root, sshd, systemd, sudo, curl)
	@CI=true vitest run test/e2e-tune

soak: $(installed) ## Kill a small run again and again, and look for what is left or lost; then simulated seeds (an hour; TARGET=remote kills runs on clusters): KILLS, SEEDS, SEED, TARGET
	@exec node scripts/soak.ts

soak-hour: $(installed) ## Disturb a run of 200 nodes once a minute, and watch the memory of the orchestrator: MINUTES
	@exec node scripts/soak.ts hour

verify: $(installed) ## Type check, lint, format, unused code, imports between rooms, dependencies, docs/reliability.md
	@tsc --noEmit
	@biome ci --error-on-warnings
	@knip
	@node scripts/verify-rooms.ts
	@node scripts/verify-dependencies.ts
	@node scripts/reliability.ts --check

audit: $(installed) ## Ask the npm registry for known vulnerabilities of the dependencies; skipped when it cannot be reached
	@node scripts/audit.ts

reliability: $(installed) ## Write docs/reliability.md: what can go wrong, and the tests that show what happens then
	@node scripts/reliability.ts

schema: $(installed) ## Write the schemas by which editors check plans and profiles
	@node scripts/schema.ts

known: $(installed) ## Write src/tuning/known/, what can be set of each component: KUBERNETES (needs Go)
	@node scripts/known.ts

bench: $(installed) ## Measure the hot paths, as ratios within one run
	@node scripts/bench.ts
	@node --expose-gc scripts/bench-recording.ts
	@node scripts/bench-memory.ts

clean: ## Remove reports of runs, and what npm installed
	rm -rf node_modules coverage
	find reports -mindepth 1 -maxdepth 1 ! -name README.md ! -name sample ! -name sample-releases ! -name baselines -exec rm -rf {} +

# The last step says what is missing, such as a newer Node. If it fails, make forgets the installation, and tries again next time.
.DELETE_ON_ERROR:
$(installed): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@
	@node src/start.cjs --version > /dev/null
