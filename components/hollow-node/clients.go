package main

import (
	"net"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	clientset "k8s.io/client-go/kubernetes"
	v1core "k8s.io/client-go/kubernetes/typed/core/v1"
	restclient "k8s.io/client-go/rest"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
)

// clientConfigs are the limits of a kubelet's three clients.
type clientConfigs struct {
	kube, event, heartbeat *restclient.Config
}

// newClientConfigs follows buildKubeletClientConfig and run in cmd/kubelet/app/server.go. As there, a kubeAPIQPS
// of 0 leaves client-go's default of 5 (burst 10), not "unlimited".
func newClientConfigs(node *restclient.Config, c *kubeletconfig.KubeletConfiguration) clientConfigs {
	kube := restclient.CopyConfig(node)
	kube.ContentType = c.ContentType
	if c.ContentType == runtime.ContentTypeProtobuf {
		kube.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	}
	kube.QPS, kube.Burst = float32(c.KubeAPIQPS), int(c.KubeAPIBurst)

	event := restclient.CopyConfig(kube)
	event.QPS, event.Burst = eventQPS(c), int(c.EventBurst)

	heartbeat := restclient.CopyConfig(kube)
	heartbeat.QPS = -1
	heartbeat.Timeout = min(c.NodeStatusUpdateFrequency.Duration, time.Duration(c.NodeLeaseDurationSeconds)*time.Second)

	return clientConfigs{kube: kube, event: event, heartbeat: heartbeat}
}

// nodeClients are a kubelet's connections to the apiserver.
type nodeClients struct {
	kube, heartbeat      clientset.Interface
	event                v1core.EventsGetter
	closeIdleConnections func()
}

// newNodeClients gives a node one connection for its three clients, as a real kubelet has. client-go would share it among
// all nodes of the process that have the same credentials: its transport cache tells them apart by their dialers only.
func newNodeClients(node *restclient.Config, c *kubeletconfig.KubeletConfiguration) (*nodeClients, error) {
	node = restclient.CopyConfig(node)
	node.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	transport, err := restclient.TransportFor(node)
	if err != nil {
		return nil, err
	}
	configs := newClientConfigs(node, c)
	kube, err := clientset.NewForConfigAndClient(configs.kube, httpClient(transport, configs.kube))
	if err != nil {
		return nil, err
	}
	event, err := v1core.NewForConfigAndClient(configs.event, httpClient(transport, configs.event))
	if err != nil {
		return nil, err
	}
	heartbeat, err := clientset.NewForConfigAndClient(configs.heartbeat, httpClient(transport, configs.heartbeat))
	if err != nil {
		return nil, err
	}
	return &nodeClients{
		kube:                 kube,
		event:                event,
		heartbeat:            heartbeat,
		closeIdleConnections: func() { utilnet.CloseIdleConnectionsFor(transport) },
	}, nil
}

func httpClient(transport http.RoundTripper, c *restclient.Config) *http.Client {
	return &http.Client{Transport: transport, Timeout: c.Timeout}
}
