package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"servebench/cmd/cli"
	"servebench/reports/record/userfile"
	"servebench/targets/image"
	"servebench/targets/lambda/service"
	"servebench/targets/local"
)

// serve is the command: it returns when the service was told to stop and
// nothing is left of it.
func serve(ctx context.Context, o *options, args []string, stderr io.Writer) error {
	log := slog.New(slog.NewTextHandler(stderr, nil))
	config, function, err := o.config()
	if err != nil {
		return err
	}
	if len(function.CPUSet) > 0 {
		if err := local.PinProcess(os.Getpid(), function.CPUSet); err != nil {
			return err
		}
	}
	function.Command = append(function.Command, args...)
	if function.Env, err = o.variables(ctx); err != nil {
		return err
	}
	if config.OwnNetwork, config.NoNetwork, err = service.OwnNetwork(o.network, config.Adapter != nil); err != nil {
		return fmt.Errorf("--network %s: %w", o.network, err)
	}
	images, err := image.Use(ctx)
	if err != nil {
		return err
	}
	defer images.Close()
	sandbox, discard, err := service.Choose(ctx, o.sandbox, function, cmp.Or(o.dir, os.TempDir()), func(format string, args ...any) { log.Info(fmt.Sprintf(format, args...)) })
	switch {
	case err != nil && ctx.Err() != nil:
		return nil // told to stop meanwhile
	case err != nil:
		return err
	}
	config.Sandbox, config.Output, config.CPUs = sandbox, stderr, len(function.CPUSet)
	owned := o.place(&config)
	err = listen(ctx, o, config, log)
	return errors.Join(err, discard(), owned.Close())
}

// place sets the cgroup that the flags name, or a new one, which is returned.
func (o *options) place(c *service.Config) (owned *local.Cgroup) {
	if o.cgroup != "" {
		c.Cgroup, c.NoCgroup = local.OpenCgroup(o.cgroup)
		return nil
	}
	c.Cgroup, c.NoCgroup = local.NewCgroup()
	return c.Cgroup
}

// listen runs the service until ctx ends.
func listen(ctx context.Context, o *options, config service.Config, log *slog.Logger) (err error) {
	function, err := service.New(config)
	if err != nil {
		return err
	}
	servers := servers{failed: make(chan error, 2)}
	defer servers.close()
	defer func() {
		err = errors.Join(err, function.Close()) // the requests in flight are answered by that
		log.Info("stopped")
	}()
	var at service.Addresses
	if at.URL, err = servers.start(o.listen, function.Handler()); err != nil {
		return err
	}
	if o.operator != "" {
		if at.Operator, err = servers.start(o.operator, function.Operator()); err != nil {
			return err
		}
	}
	if o.addresses != "" {
		text, err := json.Marshal(at)
		if err != nil {
			return err
		}
		if err := userfile.Replace(o.addresses, text); err != nil {
			return err
		}
	}
	log.Info("listening", "url", at.URL, "function", config.Name, "sandbox", config.Sandbox.Name(), "memory_mb", o.memory, "vcpus", fmt.Sprintf("%.3g", service.Share(config.Memory)))
	select {
	case <-ctx.Done():
		return nil
	case err := <-servers.failed:
		return fmt.Errorf("serve: %w", err)
	}
}

// servers are what listens.
type servers struct {
	all    []*http.Server
	failed chan error // gets how each one ended; has room for all
}

// start serves at the address and returns its URL.
func (s *servers) start(address string, h http.Handler) (string, error) {
	listener, err := cli.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.all = append(s.all, server)
	go func() { s.failed <- server.Serve(listener) }()
	return "http://" + listener.Addr().String(), nil
}

// close closes what listens once the answers under way are written.
func (s *servers) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, server := range s.all {
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // the program ends
		}
	}
}
