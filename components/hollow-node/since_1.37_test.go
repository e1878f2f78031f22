//go:build !kubernetes1.34 && !kubernetes1.35 && !kubernetes1.36

package main

import (
	"testing"

	restclient "k8s.io/client-go/rest"
)

func TestEventsWithoutALimit(t *testing.T) {
	configs := newClientConfigs(&restclient.Config{}, mustLoad(t, writeOverlay(t, "kubeAPIQPS: 0\neventRecordQPS: 0")))
	if configs.event.QPS != -1 || configs.kube.QPS != 0 {
		t.Errorf("events %v, pod work %v", configs.event.QPS, configs.kube.QPS)
	}
}
