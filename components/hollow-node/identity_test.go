package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"os"
	"slices"
	"strings"
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
	identity, err := newIdentity(o)
	if err != nil {
		t.Fatal(err)
	}
	base := &restclient.Config{Host: "https://127.0.0.1:6443", BearerToken: "shared", TLSClientConfig: restclient.TLSClientConfig{CAData: []byte("server CA")}}
	c, err := identity(base, nodeSubject(name))
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
		if _, err := newIdentity(o); err == nil {
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

// writeCertificates returns a file in the form that --certificates-file wants, and the CA that signed.
func writeCertificates(t *testing.T, subjects ...subject) (file, caFile string) {
	t.Helper()
	certFile, keyFile := writeCA(t)
	ca, err := loadClientCA(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, of := range subjects {
		cert, key, err := ca.sign(of)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(cert)
		text.Write(key)
	}
	return writeFile(t, "certificates.pem", text.String()), certFile
}

func TestIssuedCertificates(t *testing.T) {
	file, caFile := writeCertificates(t, nodeSubject("hn-7"), nodeSubject("hn-8"), proxySubject)
	o := &hollowOptions{certificatesFile: file, namePrefix: "hn", first: 7, count: 2, proxy: true}
	c := nodeConfig(t, o, "hn-8")
	if c.BearerToken != "" {
		t.Error("the kubeconfig's token is still sent")
	}
	pair, err := tls.X509KeyPair(c.CertData, c.KeyData)
	if err != nil {
		t.Fatal(err)
	}
	if got := pair.Leaf.Subject.CommonName; got != "system:node:hn-8" {
		t.Errorf("common name %q", got)
	}
	roots, err := certutil.NewPool(caFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
}

// A signer may hand out the certificates of intermediate CAs as well.
func TestIssuedCertificatesMayBeChains(t *testing.T) {
	file, caFile := writeCertificates(t, nodeSubject("hn-0"))
	ca, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	chained := strings.Replace(string(pairs), "-----END CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"+string(ca), 1)
	certificates, err := loadCertificates(writeFile(t, "chained.pem", chained))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certificates["system:node:hn-0"].certificate, certificates["system:node:hn-0"].key)
	if err != nil {
		t.Fatal(err)
	}
	if len(pair.Certificate) != 2 {
		t.Errorf("%d certificates, want the node's and the CA's", len(pair.Certificate))
	}
}

func TestWrongIssuedCertificates(t *testing.T) {
	file, _ := writeCertificates(t, nodeSubject("hn-0"), subject{user: "system:node:hn-1"}, nodeSubject("hn-2"))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	keyless := writeFile(t, "keyless.pem", string(text[:strings.LastIndex(string(text), "-----BEGIN")]))
	other, _ := writeCertificates(t, nodeSubject("hn-0"))
	otherText, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	endOfFirst := strings.Index(string(text), "-----BEGIN EC PRIVATE KEY")
	mixed := writeFile(t, "mixed.pem", string(text[:endOfFirst])+string(otherText[strings.Index(string(otherText), "-----BEGIN EC PRIVATE KEY"):]))
	for name, test := range map[string]struct {
		o    hollowOptions
		want string
	}{
		"no file":      {hollowOptions{certificatesFile: file + ".missing", count: 1}, "missing"},
		"no PEM":       {hollowOptions{certificatesFile: writeFile(t, "x.pem", "x"), count: 1}, "not PEM"},
		"no key":       {hollowOptions{certificatesFile: keyless, count: 1}, "has no key"},
		"another's":    {hollowOptions{certificatesFile: mixed, count: 1}, "private key does not match"},
		"no groups":    {hollowOptions{certificatesFile: file, first: 1, count: 1}, "system:node:hn-1"},
		"another node": {hollowOptions{certificatesFile: file, first: 2, count: 2}, "none for system:node:hn-3"},
		"no proxy":     {hollowOptions{certificatesFile: file, count: 1, proxy: true}, "none for system:kube-proxy"},
	} {
		test.o.namePrefix = "hn"
		if _, err := newIdentity(&test.o); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "--certificates-file") {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
