package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
)

func TestLimitsReachTheClients(t *testing.T) {
	c := mustLoad(t, writeOverlay(t, "kubeAPIQPS: 7\nkubeAPIBurst: 8\neventRecordQPS: 3\neventBurst: 4\nnodeStatusUpdateFrequency: 9s"))
	node := &restclient.Config{Host: "https://127.0.0.1:6443"}

	configs := newClientConfigs(node, c)
	if configs.kube.QPS != 7 || configs.kube.Burst != 8 || configs.kube.Timeout != 0 {
		t.Errorf("KubeClient %v/%v, timeout %v", configs.kube.QPS, configs.kube.Burst, configs.kube.Timeout)
	}
	if configs.event.QPS != 3 || configs.event.Burst != 4 || configs.event.Timeout != 0 {
		t.Errorf("EventClient %v/%v, timeout %v", configs.event.QPS, configs.event.Burst, configs.event.Timeout)
	}
	if configs.heartbeat.QPS >= 0 || configs.heartbeat.Timeout != 9*time.Second {
		t.Errorf("HeartbeatClient %v, timeout %v", configs.heartbeat.QPS, configs.heartbeat.Timeout)
	}
	if got := configs.kube.ContentType; got != "application/vnd.kubernetes.protobuf" {
		t.Errorf("content type %q", got)
	}

	clients, err := newNodeClients(node, c)
	if err != nil {
		t.Fatal(err)
	}
	kube := clients.kube.CoreV1().RESTClient().GetRateLimiter()
	event := clients.event.(interface{ RESTClient() restclient.Interface }).RESTClient().GetRateLimiter()
	if kube.QPS() != 7 || event.QPS() != 3 {
		t.Errorf("rate limiters %v and %v, want 7 and 3", kube.QPS(), event.QPS())
	}
	if kube == event {
		t.Error("events draw from the bucket of pod work")
	}
	if limiter := clients.heartbeat.CoreV1().RESTClient().GetRateLimiter(); limiter != flowcontrol.RateLimiter(nil) {
		t.Errorf("heartbeats are limited to %v", limiter.QPS())
	}
}

func TestHeartbeatTimeoutIsAtMostTheLease(t *testing.T) {
	c := mustLoad(t, writeOverlay(t, "nodeStatusUpdateFrequency: 60s\nnodeLeaseDurationSeconds: 40"))
	if got := newClientConfigs(&restclient.Config{}, c).heartbeat.Timeout; got != 40*time.Second {
		t.Errorf("timeout %v, want the lease duration", got)
	}
}

// Nodes with the same credentials must not share connections, nor the clients of one node have several.
func TestOneConnectionPerNode(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.EnableHTTP2 = true
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	node := &restclient.Config{Host: server.URL, TLSClientConfig: restclient.TLSClientConfig{Insecure: true}}
	ctx, options := context.Background(), metav1.GetOptions{}

	for i := range int32(2) {
		clients, err := newNodeClients(node, mustLoad(t))
		if err != nil {
			t.Fatal(err)
		}
		defer clients.closeIdleConnections()
		_, _ = clients.kube.CoreV1().Nodes().Get(ctx, "hn-0", options)
		_, _ = clients.heartbeat.CoordinationV1().Leases("kube-node-lease").Get(ctx, "hn-0", options)
		_, _ = clients.event.Events("default").Get(ctx, "event", options)
		if got := connections.Load(); got != i+1 {
			t.Fatalf("%d connections for %d nodes", got, i+1)
		}
	}
}
