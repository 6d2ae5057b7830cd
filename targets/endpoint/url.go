package endpoint

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"servebench/reports/record/userfile"
)

// example is what a right value of the option url looks like.
const example = "--set endpoint.url=http://127.0.0.1:8080"

// behindSocket is the URL of a server on a Unix socket whose user names none.
const behindSocket = "http://localhost"

// secure is how the URL of a server with TLS begins.
const secure = "https://"

// baseURL returns the URL that the protocol's paths are appended to, without a
// trailing slash.
func baseURL(raw string) (string, error) {
	if raw == "" {
		return "", fmt.Errorf("not set: want the server's address, such as %s", example)
	}
	u, err := url.Parse(raw)
	if err == nil {
		err = check(u)
	}
	if err == nil && strings.Contains(raw, "#") {
		err = errors.New("a fragment in it")
	}
	if fault, ok := errors.AsType[*url.Error](err); ok {
		err = fault.Err // without the value, which is named below
	}
	if err != nil {
		return "", fmt.Errorf("%q: %w: want http:// or https://, a host and at most a port and a path, such as %s", raw, err, example)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// longestSocket is the longest path that a Unix socket may have on every system,
// in bytes.
const longestSocket = 103

// socketPath returns the absolute path of a Unix socket, "" when there is none.
func socketPath(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if len(absolute) > longestSocket {
		return "", fmt.Errorf("%q: %d bytes long: want at most %d, as systems allow", absolute, len(absolute), longestSocket)
	}
	return absolute, nil
}

// check says what of a URL is missing or does not belong there.
func check(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("neither http:// nor https://")
	case u.Hostname() == "":
		return errors.New("no host")
	case u.User != nil:
		return errors.New("a user in it, which would not be sent")
	case u.RawQuery != "" || u.ForceQuery:
		return errors.New("a query in it")
	}
	if text := u.Port(); text != "" {
		if port, err := strconv.ParseUint(text, 10, 16); err != nil || port == 0 {
			return fmt.Errorf("port %s is not one from 1 to 65535", text)
		}
	}
	return nil
}

// maxRoots bounds the file of the option ca: systems have some hundred KiB.
const maxRoots = 16 << 20

// readRoots reads the certificates of the option ca; nil when it is not set.
func readRoots(file, url string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	if !strings.HasPrefix(url, secure) {
		return nil, fmt.Errorf("%q: set, though url is %s: want a url with https, or no ca", file, url)
	}
	text, err := userfile.Read(file, maxRoots)
	if err != nil {
		return nil, fmt.Errorf("%w: want a file in PEM form (-----BEGIN CERTIFICATE-----)", err)
	}
	roots := x509.NewCertPool()
	text = bytes.ReplaceAll(text, []byte("\ufeff"), nil) // one may stand before each part that was put into the file
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%q: no certificate in it: want a file in PEM form (-----BEGIN CERTIFICATE-----)", file)
	}
	return roots, nil
}
