//go:build !kubernetes1.34 && !kubernetes1.35 && !kubernetes1.36

package main

import (
	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	kubeletutil "k8s.io/kubernetes/pkg/kubelet/util"
	"scale-test/components/cadvisor"
)

// What a kubelet asks of its machine since 1.37; before_1.37.go has it as it was before.

func (m *fakeMachine) MachineInfo(klog.Logger) (*cadvisor.MachineInfo, error) { return m.size(), nil }

func (m *fakeContainerManager) GetCapacity(_ klog.Logger, localStorageCapacityIsolation bool) v1.ResourceList {
	return m.capacity(localStorageCapacityIsolation)
}

func newNodeStartupLatencyTracker(logger klog.Logger) kubeletutil.NodeStartupLatencyTracker {
	return kubeletutil.NewNodeStartupLatencyTracker(logger)
}

// eventQPS follows run in cmd/kubelet/app/server.go: since 1.37, a 0 is no limit.
func eventQPS(c *kubeletconfig.KubeletConfiguration) float32 {
	if c.EventRecordQPS == 0 {
		return -1
	}
	return float32(c.EventRecordQPS)
}
