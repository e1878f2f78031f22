package main

import (
	"context"
	"net"
	"time"

	v1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/kubernetes/pkg/proxy/apis"
)

// proxySubject is whom the role system:node-proxier is bound to; all kube-proxies of a cluster share one identity.
var proxySubject = subject{user: "system:kube-proxy"}

// hollowProxy is the apiserver's view of a kube-proxy: an event at its start and its watches. It programs nothing and remembers
// nothing, where kubemark's hollow proxy would keep a copy of every service for each node.
type hollowProxy struct {
	client   clientset.Interface
	nodeName string
}

// newHollowProxy has a client and a connection of its own, with the limits that kube-proxy has unless it is told others
// (ClientConnection in pkg/proxy/apis/config/v1alpha1/defaults.go).
func newHollowProxy(proxy *restclient.Config, nodeName string) (*hollowProxy, error) {
	c := restclient.CopyConfig(proxy)
	c.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	c.UserAgent = "hollow-proxy"
	c.ContentType = runtime.ContentTypeProtobuf
	c.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	c.QPS, c.Burst = 5, 10
	client, err := clientset.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	return &hollowProxy{client: client, nodeName: nodeName}, nil
}

// run follows ProxyServer.Run in cmd/kube-proxy/app/server.go until ctx ends.
func (p *hollowProxy) run(ctx context.Context) {
	for _, watch := range p.watches() {
		go cache.NewReflector(watch.list, watch.of, &cache.FakeCustomStore{}, 0).RunWithContext(ctx)
	}
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: p.client.EventsV1()})
	broadcaster.StartRecordingToSink(ctx.Done())
	node := &v1.ObjectReference{APIVersion: "v1", Kind: "Node", Name: p.nodeName}
	broadcaster.NewRecorder(scheme.Scheme, "kube-proxy").Eventf(node, nil, v1.EventTypeNormal, "Starting", "StartKubeProxy", "")
}

type proxyWatch struct {
	list cache.ListerWatcher
	of   runtime.Object
}

// watches are kube-proxy's: neither headless services nor those of other proxies.
func (p *hollowProxy) watches() []proxyWatch {
	selected := func(rest cache.Getter, resource string, modify func(*metav1.ListOptions)) cache.ListerWatcher {
		return cache.NewFilteredListWatchFromClient(rest, resource, metav1.NamespaceAll, modify)
	}
	return []proxyWatch{
		{selected(p.client.CoreV1().RESTClient(), "services", func(o *metav1.ListOptions) {
			o.LabelSelector = "!" + apis.LabelServiceProxyName
			o.FieldSelector = fields.OneTermNotEqualSelector("spec.clusterIP", v1.ClusterIPNone).String()
		}), &v1.Service{}},
		{selected(p.client.DiscoveryV1().RESTClient(), "endpointslices", func(o *metav1.ListOptions) {
			o.LabelSelector = "!" + v1.IsHeadlessService
		}), &discoveryv1.EndpointSlice{}},
		{selected(p.client.NetworkingV1().RESTClient(), "servicecidrs", func(*metav1.ListOptions) {}), &networkingv1.ServiceCIDR{}},
	}
}
