package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	restclient "k8s.io/client-go/rest"
)

// TestProxyWatchesWhatAKubeProxyWatches is against a server that has nothing: what matters is what it is asked.
func TestProxyWatchesWhatAKubeProxyWatches(t *testing.T) {
	var mutex sync.Mutex
	asked := map[string]bool{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		asked[r.Method+" "+r.URL.Path+" "+r.URL.Query().Get("labelSelector")+r.URL.Query().Get("fieldSelector")] = true
		mutex.Unlock()
		http.NotFound(w, r)
	}))
	defer server.Close()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	proxy, err := newHollowProxy(&restclient.Config{Host: server.URL, TLSClientConfig: restclient.TLSClientConfig{Insecure: true}}, "hn-0")
	if err != nil {
		t.Fatal(err)
	}
	proxy.run(ctx)
	want := []string{
		"GET /api/v1/services !service.kubernetes.io/service-proxy-namespec.clusterIP!=None",
		"GET /apis/discovery.k8s.io/v1/endpointslices !service.kubernetes.io/headless",
		"GET /apis/networking.k8s.io/v1/servicecidrs ",
		"POST /apis/events.k8s.io/v1/namespaces/default/events ",
	}
	missing := func() []string {
		mutex.Lock()
		defer mutex.Unlock()
		return slices.DeleteFunc(slices.Clone(want), func(request string) bool { return asked[request] })
	}
	for deadline := time.Now().Add(10 * time.Second); len(missing()) > 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if left := missing(); len(left) > 0 {
		t.Errorf("never asked: %q; asked: %v", left, asked)
	}
}
