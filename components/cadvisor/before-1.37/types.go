// Package cadvisor names the types in which a kubelet asks about its machine: before 1.37 those of the whole cadvisor. See
// ../since-1.37.
package cadvisor

import (
	v1 "github.com/google/cadvisor/info/v1"
	v2 "github.com/google/cadvisor/info/v2"
)

type (
	MachineInfo = v1.MachineInfo
	InstanceID  = v1.InstanceID
	FsInfo      = v2.FsInfo
)
