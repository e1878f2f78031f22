package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	restclient "k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

func writeCA(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	keyPEM, err := keyutil.MakeEllipticPrivateKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	key, err := keyutil.ParsePrivateKeyPEM(keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := certutil.NewSelfSignedCACert(certutil.Config{CommonName: "client-ca"}, key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	certPEM, err := certutil.EncodeCertificates(cert)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "ca.crt", string(certPEM)), writeFile(t, "ca.key", string(keyPEM))
}

func writeServingCertificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	certPEM, keyPEM, err := certutil.GenerateSelfSignedCertKey("localhost", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "tls.crt", string(certPEM)), writeFile(t, "tls.key", string(keyPEM))
}

func nodeConfig(t *testing.T, o *hollowOptions, name string) *restclient.Config {
	t.Helper()
	identity, err := newNodeIdentity(o)
	if err != nil {
		t.Fatal(err)
	}
	base := &restclient.Config{Host: "https://127.0.0.1:6443", BearerToken: "shared", TLSClientConfig: restclient.TLSClientConfig{CAData: []byte("server CA")}}
	c, err := identity(base, name)
	if err != nil {
		t.Fatal(err)
	}
	if c.Host != base.Host || string(c.CAData) != "server CA" {
		t.Errorf("the apiserver's address or CA is lost: %v", c)
	}
	if base.Impersonate.UserName != "" || base.CertData != nil {
		t.Error("the kubeconfig's configuration was changed, which all nodes share")
	}
	return c
}

func TestCertificateIdentity(t *testing.T) {
	certFile, keyFile := writeCA(t)
	o := &hollowOptions{clientCACertFile: certFile, clientCAKeyFile: keyFile}
	c := nodeConfig(t, o, "hn-7")
	if c.BearerToken != "" {
		t.Error("the kubeconfig's token is still sent")
	}
	pair, err := tls.X509KeyPair(c.CertData, c.KeyData)
	if err != nil {
		t.Fatal(err)
	}
	if got := pair.Leaf.Subject.CommonName; got != "system:node:hn-7" {
		t.Errorf("common name %q", got)
	}
	if got := pair.Leaf.Subject.Organization; !slices.Equal(got, []string{"system:nodes"}) {
		t.Errorf("organization %q", got)
	}
	if key, ok := pair.PrivateKey.(*ecdsa.PrivateKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("key is no ECDSA P-256 one: %T", pair.PrivateKey)
	}
	roots, err := certutil.NewPool(certFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: time.Now().Add(300 * 24 * time.Hour), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error("does not outlive a test:", err)
	}
	other := nodeConfig(t, o, "hn-8")
	if string(other.KeyData) == string(c.KeyData) {
		t.Error("two nodes have the same key")
	}
}

func TestWrongClientCA(t *testing.T) {
	caCert, caKey := writeCA(t)
	_, otherKey := writeCA(t)
	servingCert, servingKey := writeServingCertificate(t)
	for name, o := range map[string]*hollowOptions{
		"missing":   {clientCACertFile: caCert + ".missing", clientCAKeyFile: caKey},
		"other key": {clientCACertFile: caCert, clientCAKeyFile: otherKey},
		"swapped":   {clientCACertFile: caKey, clientCAKeyFile: caCert},
		"serving":   {clientCACertFile: servingCert, clientCAKeyFile: servingKey},
	} {
		if _, err := newNodeIdentity(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestImpersonatedIdentity(t *testing.T) {
	c := nodeConfig(t, &hollowOptions{impersonateNode: true}, "hn-7")
	if c.Impersonate.UserName != "system:node:hn-7" || !slices.Equal(c.Impersonate.Groups, []string{"system:nodes"}) {
		t.Errorf("impersonates %+v", c.Impersonate)
	}
	if c.BearerToken != "shared" {
		t.Error("the impersonating identity is lost")
	}
}

func TestSharedIdentity(t *testing.T) {
	c := nodeConfig(t, &hollowOptions{}, "hn-7")
	if c.BearerToken != "shared" || c.Impersonate.UserName != "" {
		t.Errorf("is not the kubeconfig's identity: %+v", c)
	}
}
