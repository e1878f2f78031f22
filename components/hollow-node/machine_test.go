package main

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	cadvisortest "k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
)

func TestMachineSize(t *testing.T) {
	m := &fakeMachine{Fake: &cadvisortest.Fake{NodeName: "hn-0"}, cores: 3, memory: resource.MustParse("5Gi")}
	info := m.size()
	if info.NumCores != 3 || info.MemoryCapacity != 5<<30 {
		t.Errorf("%d cores, %d bytes", info.NumCores, info.MemoryCapacity)
	}
}

func TestReservation(t *testing.T) {
	reservation, err := nodeAllocatableReservation(mustLoad(t, writeOverlay(t, "kubeReserved: {cpu: 500m, memory: 1Gi}\nsystemReserved: {cpu: 250m}")))
	if err != nil {
		t.Fatal(err)
	}
	if got := reservation.Cpu().MilliValue(); got != 750 {
		t.Errorf("%d millicores reserved, want 750", got)
	}
	if got := reservation.Memory().Value(); got != 1<<30 {
		t.Errorf("%d bytes reserved, want 1Gi", got)
	}
}

// A disk of no size costs every node an event, and its pods their ephemeral storage.
func TestDiskHasASize(t *testing.T) {
	if fs, err := (&fakeMachine{}).ImagesFsInfo(t.Context()); err != nil || fs.Capacity == 0 || fs.Available != fs.Capacity {
		t.Errorf("%+v, %v", fs, err)
	}
	if got := (&fakeContainerManager{}).capacity(true); got.StorageEphemeral().Value() != diskBytes {
		t.Errorf("capacity %v", got)
	}
}
