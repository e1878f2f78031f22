/*
 * The most that a plan, or a run of one, may have: far above what anybody runs, and small enough for everything to be laid out in a
 * second.
 */

/** A difference of less is of no interest, unless a plan says otherwise: 5 %. */
export const usualMaterial = 0.05

/** Objects of one kind, pods among them; Kubernetes is tested with 150,000 pods. */
export const mostObjects = 1_000_000
export const mostNamespaces = 100_000
/** Kubernetes is tested with 5000. */
export const mostNodes = 100_000
export const mostMachines = 10_000
export const mostCores = 10_000
/** Pods of the Deployment that probes scale, on one node. */
export const mostProbed = 100_000
export const mostRepetitions = 1000
/** Seeds of one `simulate`. */
export const mostSeeds = 1_000_000
