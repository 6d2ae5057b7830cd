package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

// scorer is the command of the scripts that serves an API of its own over JSON, as users
// write one. It listens on PORT, and has
//
//	POST /score/NAME   takes {"id": N, "x": …, "name": "NAME"} and answers
//	                   {"result": [{"class": "odd", "x": …}]}, by whether N is odd; of every
//	                   tenth N the wrong class, and of every hundredth x+1 for x
//	POST /text         answers the class alone, as text
//	POST /header       answers it in the header field X-Class
//	GET  /seen         the bodies of the last requests, a line for each
//
// and speaks protocol v2 for a model parity, of one feature, whose outputs are the classes
// by name or, with -numbers, by number.
func scorer() {
	numbers := flag.Bool("numbers", false, "answer of protocol v2 by the numbers of the classes")
	flag.Parse()
	var mu sync.Mutex
	var seen []string
	class := func(id int) string {
		if (id%2 == 1) != (id%10 == 0) {
			return "odd"
		}
		return "even"
	}
	read := func(w http.ResponseWriter, r *http.Request, into any) bool {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		seen = append(seen, r.Method+" "+r.RequestURI+" "+r.Header.Get("X-Id")+" "+string(body))
		mu.Unlock()
		if err := json.Unmarshal(body, into); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return false
		}
		return true
	}
	type ask struct {
		ID   int
		X    float64
		Name string
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/v2/health/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /score/{name}", func(w http.ResponseWriter, r *http.Request) {
		var a ask
		if !read(w, r, &a) {
			return
		}
		if a.Name != r.PathValue("name") {
			http.Error(w, fmt.Sprintf("%q in the path, %q in the body", r.PathValue("name"), a.Name), http.StatusBadRequest)
			return
		}
		if a.ID%100 == 0 {
			a.X++
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"result": [{"class": %q, "x": %v}]}`, class(a.ID), a.X)
	})
	mux.HandleFunc("POST /text", func(w http.ResponseWriter, r *http.Request) {
		var a ask
		if read(w, r, &a) {
			fmt.Fprintln(w, class(a.ID))
		}
	})
	mux.HandleFunc("POST /header", func(w http.ResponseWriter, r *http.Request) {
		var a ask
		if read(w, r, &a) {
			w.Header().Set("X-Class", class(a.ID))
		}
	})
	mux.HandleFunc("POST /v2/models/parity/infer", func(w http.ResponseWriter, r *http.Request) {
		var a struct{ Inputs []struct{ Data []float64 } }
		if !read(w, r, &a) {
			return
		}
		var data []string
		for _, v := range a.Inputs[0].Data {
			name := class(int(v))
			if *numbers {
				name = strconv.Itoa(map[string]int{"odd": 1}[name])
			} else {
				name = strconv.Quote(name)
			}
			data = append(data, name)
		}
		datatype := "BYTES"
		if *numbers {
			datatype = "INT64"
		}
		fmt.Fprintf(w, `{"model_name": "parity", "outputs": [{"name": "predict", "shape": [%d], "datatype": %q, "data": [%s]}]}`, len(data), datatype, strings.Join(data, ","))
	})
	mux.HandleFunc("GET /seen", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(w, strings.Join(seen, "\n"))
		seen = nil
	})
	if err := http.ListenAndServe(net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")), mux); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
