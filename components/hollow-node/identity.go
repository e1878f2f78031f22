package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"time"

	restclient "k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"

	"k8s.io/apiserver/pkg/authentication/user"
)

const nodeUserPrefix = "system:node:"

// clientCertificateLifetime outlives any test; nodes do not rotate their certificates.
const clientCertificateLifetime = 365 * 24 * time.Hour

// subject is whom the apiserver takes a client for.
type subject struct {
	user   string
	groups []string
}

func nodeSubject(nodeName string) subject {
	return subject{user: nodeUserPrefix + nodeName, groups: []string{user.NodesGroup}}
}

// identity turns the kubeconfig's client configuration into a subject's. Nodes with identities of their own are what the
// Node authorizer and API Priority and Fairness expect: under a shared one all nodes are a single flow, under
// system:masters they are not subject to either.
type identity func(base *restclient.Config, of subject) (*restclient.Config, error)

func newIdentity(o *hollowOptions) (identity, error) {
	switch {
	case o.certificatesFile != "":
		certificates, err := loadCertificates(o.certificatesFile)
		if err != nil {
			return nil, fmt.Errorf("--certificates-file %s: %w", o.certificatesFile, err)
		}
		if missing := certificates.missing(o.subjects()); len(missing) > 0 {
			return nil, fmt.Errorf("--certificates-file %s: has none for %s", o.certificatesFile, strings.Join(missing, ", "))
		}
		return certificates.identity, nil
	case o.clientCACertFile != "":
		ca, err := loadClientCA(o.clientCACertFile, o.clientCAKeyFile)
		if err != nil {
			return nil, err
		}
		return ca.identity, nil
	case o.impersonateNode:
		return impersonatedIdentity, nil
	default:
		return sharedIdentity, nil
	}
}

func sharedIdentity(base *restclient.Config, _ subject) (*restclient.Config, error) {
	return restclient.CopyConfig(base), nil
}

func impersonatedIdentity(base *restclient.Config, of subject) (*restclient.Config, error) {
	c := restclient.CopyConfig(base)
	c.Impersonate = restclient.ImpersonationConfig{UserName: of.user, Groups: of.groups}
	return c, nil
}

// clientCA signs what a real kubelet would get through a certificate signing request, without the requests.
type clientCA struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func loadClientCA(certFile, keyFile string) (*clientCA, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("client CA %s with key %s: %w", certFile, keyFile, err)
	}
	if !pair.Leaf.IsCA {
		return nil, fmt.Errorf("client CA %s: not a CA certificate", certFile)
	}
	return &clientCA{cert: pair.Leaf, key: pair.PrivateKey.(crypto.Signer)}, nil
}

func (ca *clientCA) identity(base *restclient.Config, of subject) (*restclient.Config, error) {
	cert, key, err := ca.sign(of)
	if err != nil {
		return nil, err
	}
	c := restclient.AnonymousClientConfig(base)
	c.CertData, c.KeyData = cert, key
	return c, nil
}

// sign returns a PEM encoded client certificate and its key.
func (ca *clientCA) sign(of subject) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: of.user, Organization: of.groups},
		NotBefore:    ca.cert.NotBefore,
		NotAfter:     now.Add(clientCertificateLifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if template.NotAfter.After(ca.cert.NotAfter) {
		template.NotAfter = ca.cert.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	if certPEM, err = certutil.EncodeCertificates(cert); err != nil {
		return nil, nil, err
	}
	keyPEM, err = keyutil.MarshalPrivateKeyToPEM(key)
	return certPEM, keyPEM, err
}
