//go:build kubernetes1.34 || kubernetes1.35 || kubernetes1.36

package main

import (
	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	kubeletutil "k8s.io/kubernetes/pkg/kubelet/util"
	"scale-test/components/cadvisor"
)

func (m *fakeMachine) MachineInfo() (*cadvisor.MachineInfo, error) { return m.size(), nil }

func (m *fakeContainerManager) GetCapacity(localStorageCapacityIsolation bool) v1.ResourceList {
	return m.capacity(localStorageCapacityIsolation)
}

func newNodeStartupLatencyTracker(klog.Logger) kubeletutil.NodeStartupLatencyTracker {
	return kubeletutil.NewNodeStartupLatencyTracker()
}

// eventQPS is the setting as it is: a 0 leaves client-go's default of 5.
func eventQPS(c *kubeletconfig.KubeletConfiguration) float32 {
	return float32(c.EventRecordQPS)
}
