// The interfaces of 1.34 that these tests call lack contexts.
//go:build !kubernetes1.34

package main

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	clientset "k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/server"
)

// newServed has a kubelet configuration as newHollowNodes makes it, and the CA whose clients are let in.
func newServed(t *testing.T) (*hollowNodes, *kubeletconfig.KubeletConfiguration, *clientCA) {
	t.Helper()
	certFile, keyFile := writeCA(t)
	ca, err := loadClientCA(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	c := mustLoad(t)
	admitClients(c, certFile)
	return &hollowNodes{hollowOptions: &hollowOptions{servingClientCAFile: certFile}}, c, ca
}

// apiserver knows one token and lets one user ask one node.
func apiserver(t *testing.T) clientset.Interface {
	t.Helper()
	answer := func(w http.ResponseWriter, r *http.Request, review any, decide func()) {
		if err := json.NewDecoder(r.Body).Decode(review); err != nil {
			t.Error(err)
		}
		decide()
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(review); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /apis/authentication.k8s.io/v1/tokenreviews", func(w http.ResponseWriter, r *http.Request) {
		review := &authenticationv1.TokenReview{}
		answer(w, r, review, func() {
			if review.Spec.Token == "good" {
				review.Status = authenticationv1.TokenReviewStatus{Authenticated: true, User: authenticationv1.UserInfo{Username: "somebody"}}
			}
		})
	})
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/subjectaccessreviews", func(w http.ResponseWriter, r *http.Request) {
		review := &authorizationv1.SubjectAccessReview{}
		answer(w, r, review, func() {
			review.Status.Allowed = review.Spec.User == "apiserver" && review.Spec.ResourceAttributes.Name == "hn-0"
		})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client, err := clientset.NewForConfig(&restclient.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func mustAuth(t *testing.T, h *hollowNodes, c *kubeletconfig.KubeletConfiguration) server.AuthInterface {
	t.Helper()
	auth, err := h.kubeletAuth("hn-0", &nodeClients{kube: apiserver(t)}, c)
	if err != nil {
		t.Fatal(err)
	}
	return auth
}

func requestWith(t *testing.T, ca *clientCA, name string) *http.Request {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "https://10.0.0.1:10250/configz", nil)
	if ca == nil {
		return request
	}
	certPEM, keyPEM, err := ca.sign(subject{user: name})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	request.TLS.PeerCertificates = append(request.TLS.PeerCertificates, pair.Leaf)
	return request
}

func TestKubeletsAskWhoItIs(t *testing.T) {
	h, c, ca := newServed(t)
	_, _, otherCA := newServed(t)
	auth := mustAuth(t, h, c)
	withToken := func(token string) *http.Request {
		request := requestWith(t, nil, "")
		request.Header.Set("Authorization", "Bearer "+token)
		return request
	}
	for name, test := range map[string]struct {
		request *http.Request
		want    string
	}{
		"a certificate":     {requestWith(t, ca, "apiserver"), "apiserver"},
		"another CA's":      {requestWith(t, otherCA, "apiserver"), ""},
		"a token":           {withToken("good"), "somebody"},
		"a token of nobody": {withToken("bad"), ""},
		"nothing":           {requestWith(t, nil, ""), ""},
	} {
		answer, ok, _ := auth.AuthenticateRequest(test.request)
		if ok != (test.want != "") || (ok && answer.User.GetName() != test.want) {
			t.Errorf("%s: authenticated %v as %v, want %q", name, ok, answer, test.want)
		}
	}
}

func TestKubeletsAskTheApiserverForPermission(t *testing.T) {
	h, c, _ := newServed(t)
	auth := mustAuth(t, h, c)
	for name, want := range map[string]authorizer.Decision{"apiserver": authorizer.DecisionAllow, "somebody": authorizer.DecisionNoOpinion} {
		request := httptest.NewRequest(http.MethodGet, "https://10.0.0.1:10250/configz", nil)
		of := &user.DefaultInfo{Name: name}
		for _, attributes := range auth.GetRequestAttributes(t.Context(), of, request) {
			if decision, _, err := auth.Authorize(t.Context(), attributes); err != nil || decision != want {
				t.Errorf("%s: decision %v (%v), want %v", name, decision, err, want)
			}
		}
	}
}

func TestEverybodyIsLetInWithoutAClientCA(t *testing.T) {
	c := mustLoad(t)
	admitClients(c, "")
	h := &hollowNodes{hollowOptions: &hollowOptions{}}
	auth, err := h.kubeletAuth("hn-0", &nodeClients{kube: apiserver(t)}, c)
	if auth != nil || err != nil {
		t.Errorf("asks %v (%v)", auth, err)
	}
	if c.Authorization.Mode != kubeletconfig.KubeletAuthorizationModeAlwaysAllow || !c.Authentication.Anonymous.Enabled {
		t.Errorf("configuration says %+v, %+v", c.Authentication, c.Authorization)
	}
	served := &tls.Config{}
	if err := askForCertificates(served, ""); err != nil || served.ClientAuth != tls.NoClientCert {
		t.Errorf("asks for certificates: %v (%v)", served.ClientAuth, err)
	}
}

func TestClientCertificatesAreAskedForNotDemanded(t *testing.T) {
	certFile, _ := writeCA(t)
	served := &tls.Config{}
	if err := askForCertificates(served, certFile); err != nil || served.ClientAuth != tls.RequestClientCert || served.ClientCAs == nil {
		t.Errorf("%v, CAs %v (%v)", served.ClientAuth, served.ClientCAs, err)
	}
	if err := askForCertificates(served, certFile+".missing"); err == nil {
		t.Error("accepts a file that is not there")
	}
}

func TestReadyOnceAllNodesHaveStarted(t *testing.T) {
	count := &startCount{of: 2}
	ask := func() int {
		recorder := httptest.NewRecorder()
		count.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		return recorder.Code
	}
	count.started.Add(1)
	if got := ask(); got != http.StatusServiceUnavailable {
		t.Errorf("status %d with 1 of 2 nodes", got)
	}
	count.started.Add(1)
	if got := ask(); got != http.StatusOK {
		t.Errorf("status %d with 2 of 2 nodes", got)
	}
}

func TestTakenHealthPortIsTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().(*net.TCPAddr)
	if err := serveHealth(address.IP, address.Port, &startCount{}); err == nil {
		t.Error("no error")
	}
}
