package remote

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"servebench/reports/record"
)

// Player plays phases of one scenario.
type Player interface {
	Prepared() Prepared
	// Play is as attack.Run, with what of the cell is known where the load is made.
	Play(ctx context.Context, p Phase, h Hooks) (record.Cell, error)
}

// Prepare makes a Player of a scenario's text, whose files are in the folder, and whose
// variables are those.
type Prepare func(ctx context.Context, dir string, text []byte, variables map[string]string) (Player, error)

// Serve plays what a client asks for, in a folder that it makes, until ctx ends, or no client
// was heard for a while.
func Serve(ctx context.Context, listener net.Listener, prepare Prepare) error {
	dir, err := os.MkdirTemp("", "servebench-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &worker{ctx: ctx, dir: dir, prepare: prepare}
	w.hear()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /scenario", w.takeScenario)
	mux.HandleFunc("GET /clock", w.tellClock)
	mux.HandleFunc("POST /phases", w.takePhase)
	mux.HandleFunc("GET /output", w.sendOutput)
	mux.HandleFunc("POST /control", w.takeControl)
	server := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return ctx }}
	go w.watch(cancel)
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	err = server.Serve(listener)
	if !errors.Is(err, http.ErrServerClosed) { // no client can reach it any more
		cancel(fmt.Errorf("take connections: %w", err))
	}
	w.playing.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// worker is the state of Serve.
type worker struct {
	ctx     context.Context
	dir     string
	prepare Prepare
	heard   atomic.Int64 // when a client was heard last, in nanoseconds since 1970
	playing sync.WaitGroup

	mu     sync.Mutex
	player Player
	phase  *played // the latest; nil: none yet
}

func (w *worker) hear() { w.heard.Store(time.Now().UnixNano()) }

// watch ends the load, and then the process, when no client is heard.
func (w *worker) watch(cancel context.CancelCauseFunc) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-w.ctx.Done():
			return
		case <-ticker.C:
		}
		quiet := time.Since(time.Unix(0, w.heard.Load()))
		if quiet > silence {
			w.mu.Lock()
			if w.phase != nil {
				w.phase.obey(control{Word: stop})
			}
			w.mu.Unlock()
		}
		if quiet > abandoned {
			cancel(fmt.Errorf("no client was heard for %s", abandoned))
			return
		}
	}
}

func refuse(rw http.ResponseWriter, status int, err error) { http.Error(rw, err.Error(), status) }

// scenarioFile and variablesFile are the names of what is no file of the scenario's, in the
// archive that it comes in.
const (
	scenarioFile  = "scenario.yaml"
	variablesFile = "variables.json"
)

// takeScenario unpacks a scenario with its files, and prepares it.
func (w *worker) takeScenario(rw http.ResponseWriter, r *http.Request) {
	variables := map[string]string{}
	var text []byte
	archive := tar.NewReader(r.Body)
	for {
		w.hear()
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			switch entry.Name {
			case scenarioFile:
				text, err = io.ReadAll(archive)
			case variablesFile:
				err = json.NewDecoder(archive).Decode(&variables)
			default:
				err = w.unpack(entry.Name, archive)
			}
		}
		if err != nil {
			refuse(rw, http.StatusBadRequest, fmt.Errorf("read the scenario: %w", err))
			return
		}
	}
	player, err := w.prepare(r.Context(), w.dir, text, variables)
	if err != nil {
		refuse(rw, http.StatusUnprocessableEntity, err)
		return
	}
	w.mu.Lock()
	w.player = player
	w.mu.Unlock()
	w.answer(rw, player.Prepared())
}

// unpack puts a file into the folder.
func (w *worker) unpack(name string, content io.Reader) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%q is no path within a folder", name)
	}
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

func (w *worker) answer(rw http.ResponseWriter, what any) {
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(what) // a client that is gone asks again
}

func (w *worker) tellClock(rw http.ResponseWriter, _ *http.Request) { w.answer(rw, time.Now()) }

// takePhase begins to play, unless that very phase is played already.
func (w *worker) takePhase(rw http.ResponseWriter, r *http.Request) {
	var p Phase
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		refuse(rw, http.StatusBadRequest, err)
		return
	}
	w.hear()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.player == nil:
		refuse(rw, http.StatusConflict, errors.New("no scenario was sent"))
		return
	case w.phase != nil && w.phase.Number == p.Number:
		return
	case w.phase != nil && !w.phase.out.isClosed():
		refuse(rw, http.StatusConflict, fmt.Errorf("phase %d is still played", w.phase.Number))
		return
	}
	spool, err := os.CreateTemp(w.dir, "output-")
	if err != nil {
		refuse(rw, http.StatusInternalServerError, err)
		return
	}
	if w.phase != nil {
		w.phase.out.remove()
	}
	w.phase = newPlayed(p, spool)
	player, phase := w.player, w.phase
	w.playing.Go(func() { phase.play(w.ctx, player) })
}

// sendOutput sends what the latest phase has to say from a byte on, as it comes, to its end.
func (w *worker) sendOutput(rw http.ResponseWriter, r *http.Request) {
	from, err := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	w.mu.Lock()
	phase := w.phase
	w.mu.Unlock()
	if err != nil || phase == nil || r.URL.Query().Get("number") != strconv.Itoa(phase.Number) {
		refuse(rw, http.StatusBadRequest, errors.New("there is no such output"))
		return
	}
	rw.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(rw)
	for {
		part, more, over := phase.out.read(from)
		if _, err := rw.Write(part); err != nil {
			return
		}
		_ = flush.Flush() // fails as the next write does
		if from += int64(len(part)); len(part) > 0 {
			continue
		}
		if over && w.ctx.Err() == nil {
			return
		}
		select {
		case <-more:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler) // to return would end the output well
		}
	}
}

// takeControl takes a word of the client's.
func (w *worker) takeControl(rw http.ResponseWriter, r *http.Request) {
	var said control
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
		refuse(rw, http.StatusBadRequest, err)
		return
	}
	w.hear()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.phase != nil && w.phase.Number == said.Number {
		w.phase.obey(said)
	}
}
