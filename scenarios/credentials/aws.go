package credentials

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
)

const (
	// lifetime is how long after it was signed a request may be sent. AWS takes it for
	// five minutes; the rest is for clocks that differ.
	lifetime = 3 * time.Minute
	// retrieveTimeout bounds the search for credentials, and each later renewal of those
	// that expire.
	retrieveTimeout = 10 * time.Second
)

// signer signs requests as AWS asks for (Signature Version 4).
type signer struct {
	v4              *v4.Signer
	service, region string
	provider        aws.CredentialsProvider
	now             func() time.Time
	secrets         *secret.Keeper

	mu   sync.Mutex
	used aws.Credentials // the latest
}

// openSigner finds credentials where AWS's own tools do, so that what is missing shows
// before the load.
func openSigner(ctx context.Context, sc *scenarios.Scenario, secrets *secret.Keeper) (*signer, error) {
	fault := func(key, problem, want string) error {
		return decode.Faults{sc.Source.Fault("http.auth.aws"+key, problem, want)}
	}
	of := sc.HTTP.Auth.AWS
	ctx, cancel := context.WithTimeout(ctx, retrieveTimeout)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(of.Region), config.WithSharedConfigProfile(of.Profile), config.WithLogger(logging.Nop{}))
	if missing, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return nil, fault(".profile", fmt.Sprintf("the AWS configuration has no profile %q", missing.Profile), "one that aws configure list-profiles names")
	}
	if err != nil {
		return nil, fault("", "the AWS configuration cannot be read: "+err.Error(), "")
	}
	if cfg.Region == "" {
		return nil, fault(".region", "neither the scenario nor the AWS configuration names a region", "a region, such as eu-central-1, here or as AWS_REGION")
	}
	s := &signer{v4: v4.NewSigner(), service: of.Service, region: cfg.Region, provider: cfg.Credentials, now: time.Now, secrets: secrets}
	secrets.AddPattern("signature", signature, longestSignature)
	if _, err := s.credentials(ctx); err != nil {
		return nil, fault("", "no AWS credentials were found: "+withoutCache(err), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, a profile, or a machine with a role")
	}
	return s, nil
}

// withoutCache is what was wrong, and not whose credentials those were.
func withoutCache(err error) string {
	return strings.TrimPrefix(err.Error(), "failed to refresh cached credentials, ")
}

// signature finds the signatures that requests carry, wherever they come back. A signature
// is good for the request that carries it, for some minutes.
var signature = regexp.MustCompile(`Signature(?:=|%3[Dd])([0-9a-f]{64})`)

const longestSignature = len("Signature%3D") + 2*sha256.Size

// String says how requests are signed.
func (s *signer) String() string {
	return fmt.Sprintf("AWS Signature Version 4 for %s in %s (%s): every request is signed before the load, and again every %v while it is sent",
		s.service, s.region, s.used.Source, lifetime/3*2)
}

// credentials returns those that are good now, and keeps them secret.
func (s *signer) credentials(ctx context.Context) (aws.Credentials, error) {
	c, err := s.provider.Retrieve(ctx)
	if err != nil {
		return c, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.AccessKeyID != s.used.AccessKeyID || c.SecretAccessKey != s.used.SecretAccessKey || c.SessionToken != s.used.SessionToken {
		s.used = c
		s.secrets.Add("AWS_ACCESS_KEY_ID", c.AccessKeyID)
		s.secrets.Add("AWS_SECRET_ACCESS_KEY", c.SecretAccessKey)
		s.secrets.Add("AWS_SESSION_TOKEN", c.SessionToken)
	}
	return c, nil
}

// sign signs a request with its header fields as they are.
func (s *signer) sign(r *http.Request, body []byte) error {
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		return fmt.Errorf("sign the request: query %q: %w; write a semicolon as %%3B", r.URL.RawQuery, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), retrieveTimeout)
	defer cancel()
	c, err := s.credentials(ctx)
	if err != nil {
		return fmt.Errorf("sign the request: no AWS credentials: %s", withoutCache(err))
	}
	sum := sha256.Sum256(body)
	payload := hex.EncodeToString(sum[:])
	var options []func(*v4.SignerOptions)
	switch s.service { // what differs from the rule, by AWS's documentation of each
	case "vpc-lattice-svcs":
		payload = "UNSIGNED-PAYLOAD"
		r.Header.Set(contentHash, payload)
	case "aoss":
		r.Header.Set(contentHash, payload)
	case "s3":
		r.Header.Set(contentHash, payload)
		options = append(options, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	}
	if err := s.v4.SignHTTP(ctx, c, r, payload, s.service, s.region, s.now(), options...); err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	return nil
}

// contentHash is the header field with the hash of the body, for services that ask for it.
const contentHash = "X-Amz-Content-Sha256"
