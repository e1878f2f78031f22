package main

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"

	restclient "k8s.io/client-go/rest"
)

// clientCertificates are what somebody else, such as a signer of the cluster, has issued, by their users.
type clientCertificates map[string]certificateAndKey

// certificateAndKey is PEM text; the certificate may come with the ones that vouch for it.
type certificateAndKey struct {
	certificate, key []byte
	groups           []string
}

// loadCertificates reads certificates each followed by its key: one file for many nodes, because each file of a Secret takes at
// least a page of memory in every pod.
func loadCertificates(file string) (clientCertificates, error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	certificates := clientCertificates{}
	var chain bytes.Buffer
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		encoded := pem.EncodeToMemory(block)
		if block.Type == "CERTIFICATE" {
			chain.Write(encoded)
			continue
		}
		pair, err := tls.X509KeyPair(chain.Bytes(), encoded)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certificates)+1, err)
		}
		name := pair.Leaf.Subject
		certificates[name.CommonName] = certificateAndKey{bytes.Clone(chain.Bytes()), encoded, name.Organization}
		chain.Reset()
	}
	switch {
	case chain.Len() > 0:
		return nil, errors.New("the last certificate has no key")
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("is not PEM")
	}
	return certificates, nil
}

// missing are the users that have no certificate, or one of other groups.
func (c clientCertificates) missing(subjects []subject) []string {
	var missing []string
	for _, of := range subjects {
		if own, ok := c[of.user]; !ok || !slices.Equal(own.groups, of.groups) {
			missing = append(missing, of.user)
		}
	}
	return missing
}

func (c clientCertificates) identity(base *restclient.Config, of subject) (*restclient.Config, error) {
	own := restclient.AnonymousClientConfig(base)
	own.CertData, own.KeyData = c[of.user].certificate, c[of.user].key
	return own, nil
}
