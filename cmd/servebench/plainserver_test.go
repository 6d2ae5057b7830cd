package main

import (
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"servebench/targets/targettest/pki"
)

// plainServer is the command of the scripts that serves HTTP, and knows nothing of
// models. It listens on PORT, speaks HTTP/1.1 and HTTP/2 without TLS, and has
//
//	/         answers hello
//	/two      answers over HTTP/2 alone
//	/failing  answers with 500 once it was asked -good times
//	/indiscreet  answers and writes to its output all that it knows: the request as it came
//	          and its environment; with 500 once it was asked -good times, or ?good= times
//	          at this very path
//	/moved    is a redirect to /
//	/zipped   answers hello, compressed by gzip without being asked
//	/drop     closes the connection of every tenth POST, which it has read, after
//	          ?work= without an answer: by FIN, or with ?reset= by a reset
//	/posts    answers with the number of those POSTs so far, and begins anew
//	/stall    holds, from one second after it was first asked, all requests for one
//	          second
//
// With -tls it also listens on another port, with TLS, for clients with a certificate.
func plainServer() {
	listenAt := flag.String("listen", net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")), "address to listen on")
	socket := flag.String("socket", "", "path of a Unix socket to listen on as well")
	good := flag.Int64("good", 100, "how many requests /failing answers rightly")
	last := flag.Int64("last", 0, "how many requests /indiscreet answers before the server ends; 0: any number")
	secure := flag.String("tls", "", "folder to write the URL with TLS to, and the certificates that a client needs")
	idle := flag.Duration("idle", 0, "how long a connection may be idle; 0: for ever")
	flag.Parse()
	server := &http.Server{Handler: plainHandler(*good, *last), Protocols: new(http.Protocols), IdleTimeout: *idle}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	ended := make(chan error, 3)
	listen := func(network, address string) {
		l, err := net.Listen(network, address)
		if err == nil {
			err = server.Serve(l)
		}
		ended <- err
	}
	if *socket != "" {
		go listen("unix", *socket)
	}
	if *secure != "" {
		l, err := listenTLS(*secure)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go func() { ended <- server.Serve(l) }()
	}
	go listen("tcp", *listenAt)
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func plainHandler(good, last int64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello") })
	mux.HandleFunc("/v2/health/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("named.example/named", func(http.ResponseWriter, *http.Request) {}) // to other hosts it is not there
	mux.HandleFunc("/two", func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			http.Error(w, r.Proto, http.StatusHTTPVersionNotSupported)
		}
	})
	var asked atomic.Int64
	var askedAt sync.Map // *atomic.Int64 by URL
	mux.HandleFunc("/failing", func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > good {
			http.Error(w, "no more", http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/indiscreet", func(w http.ResponseWriter, r *http.Request) {
		request, _ := httputil.DumpRequest(r, true)
		user, password, _ := r.BasicAuth()
		all := fmt.Sprintf("%s\n%q %q %q\n%s\n", request, request, user, password, strings.Join(os.Environ(), "\n"))
		fmt.Print(all)
		w.Header().Set("X-Seen", r.Header.Get("Authorization"))
		n, most := asked.Add(1), good
		if own := r.URL.Query().Get("good"); own != "" {
			counter, _ := askedAt.LoadOrStore(r.RequestURI, new(atomic.Int64))
			n = counter.(*atomic.Int64).Add(1)
			most, _ = strconv.ParseInt(own, 10, 64)
		}
		if n > most {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, all)
		if n == last {
			os.Exit(3)
		}
	})
	mux.Handle("/moved", http.RedirectHandler("/", http.StatusTemporaryRedirect))
	mux.HandleFunc("/zipped", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		fmt.Fprintln(z, "hello")
	})
	var posts atomic.Int64
	mux.HandleFunc("POST /drop", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if posts.Add(1)%10 == 0 {
			drop(w, r.URL.Query())
		}
	})
	mux.HandleFunc("/posts", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, posts.Swap(0)) })
	var first atomic.Int64 // in nanoseconds of Unix time
	mux.HandleFunc("/stall", func(http.ResponseWriter, *http.Request) {
		now := time.Now()
		first.CompareAndSwap(0, now.UnixNano())
		if since := now.Sub(time.Unix(0, first.Load())); since >= time.Second && since < 2*time.Second {
			time.Sleep(2*time.Second - since)
		}
	})
	return mux
}

// listenTLS listens with TLS, and writes what a client needs into a new folder.
func listenTLS(dir string) (net.Listener, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	authority := pki.NewAuthority("Scripts")
	authority.Write(dir)
	pki.Write(dir, authority.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "load test"}}))
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{authority.Issue(pki.Loopback())}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool(),
	})
	if err != nil {
		return nil, err
	}
	return l, os.WriteFile(filepath.Join(dir, "url"), []byte("https://"+l.Addr().String()), 0o600)
}

// drop works, and closes the connection without an answer.
func drop(w http.ResponseWriter, how url.Values) {
	work, _ := time.ParseDuration(how.Get("work"))
	time.Sleep(work)
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if how.Has("reset") {
		c.(*net.TCPConn).SetLinger(0)
	}
	c.Close()
}
