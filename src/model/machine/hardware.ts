/** The machines of a simulated cluster. */
export interface Hardware {
  /** Of the machine that the control plane and etcd run on. */
  controlPlaneCores: number
  /** Machines that the hollow nodes are spread over; null when they share the control plane's, as on target local. */
  hosts: { count: number; cores: number } | null
  /** Of each machine that hollow nodes run on. */
  hostMemoryBytes: number
}
