// Package cadvisor names the types in which a kubelet asks about its machine: since 1.37 those of cadvisor's library. A module of
// its own, which each go.mod replaces by the right one: with build tags, go mod tidy would give every version both cadvisors.
package cadvisor

import "github.com/google/cadvisor/lib/model"

type (
	MachineInfo = model.MachineInfo
	InstanceID  = model.InstanceID
	FsInfo      = model.FsInfo
)
