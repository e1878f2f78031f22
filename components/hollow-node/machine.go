package main

import (
	"context"
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/sets"
	quota "k8s.io/apiserver/pkg/quota/v1"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	cadvisortest "k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubelet/stats/pidlimit"
	"scale-test/components/cadvisor"
)

// diskBytes is the size of each node's one disk, which is always empty: the kubelet sends events about a disk of no size.
const diskBytes = 100 << 30

var emptyDisk = cadvisor.FsInfo{Capacity: diskBytes, Available: diskBytes}

// fakeMachine is what cadvisor would find: its size becomes the node's capacity.
type fakeMachine struct {
	*cadvisortest.Fake
	cores  int
	memory resource.Quantity
}

// size is what MachineInfo answers, in the form that the version of Kubernetes has.
func (m *fakeMachine) size() *cadvisor.MachineInfo {
	return &cadvisor.MachineInfo{
		NumCores:       m.cores,
		MemoryCapacity: uint64(m.memory.Value()),
		InstanceID:     cadvisor.InstanceID(m.NodeName),
	}
}

func (*fakeMachine) ImagesFsInfo(context.Context) (cadvisor.FsInfo, error) {
	return emptyDisk, nil
}
func (*fakeMachine) ContainerFsInfo(context.Context) (cadvisor.FsInfo, error) {
	return emptyDisk, nil
}
func (*fakeMachine) RootFsInfo() (cadvisor.FsInfo, error)         { return emptyDisk, nil }
func (*fakeMachine) GetDirFsInfo(string) (cadvisor.FsInfo, error) { return emptyDisk, nil }

// fakeContainerManager enforces nothing, but keeps reserved resources out of the node's allocatable ones.
type fakeContainerManager struct {
	cm.ContainerManager
	reservation v1.ResourceList
}

// capacity is what GetCapacity answers, in the form that the version of Kubernetes has.
func (m *fakeContainerManager) capacity(localStorageCapacityIsolation bool) v1.ResourceList {
	if !localStorageCapacityIsolation {
		return v1.ResourceList{}
	}
	return v1.ResourceList{v1.ResourceEphemeralStorage: *resource.NewQuantity(diskBytes, resource.BinarySI)}
}

func (m *fakeContainerManager) GetNodeAllocatableReservation() v1.ResourceList {
	return m.reservation
}

// nodeAllocatableReservation is systemReserved plus kubeReserved; hollow nodes have no eviction thresholds to add.
func nodeAllocatableReservation(c *kubeletconfig.KubeletConfiguration) (v1.ResourceList, error) {
	system, err := parseResourceList(c.SystemReserved)
	if err != nil {
		return nil, fmt.Errorf("systemReserved: %w", err)
	}
	kube, err := parseResourceList(c.KubeReserved)
	if err != nil {
		return nil, fmt.Errorf("kubeReserved: %w", err)
	}
	return quota.Add(system, kube), nil
}

var reservable = sets.New(v1.ResourceCPU, v1.ResourceMemory, v1.ResourceEphemeralStorage, pidlimit.PIDs)

func parseResourceList(quantities map[string]string) (v1.ResourceList, error) {
	list := v1.ResourceList{}
	for name, value := range quantities {
		if !reservable.Has(v1.ResourceName(name)) {
			return nil, fmt.Errorf("cannot reserve %q", name)
		}
		quantity, err := resource.ParseQuantity(value)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", name, value, err)
		}
		if quantity.Sign() < 0 {
			return nil, fmt.Errorf("%s %q: must not be negative", name, value)
		}
		list[v1.ResourceName(name)] = quantity
	}
	return list, nil
}
