package tracking

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"servebench/reports/mlflow"
)

// Send logs a run and its children into an experiment, with the files of the run's folder as the
// run's artifacts, and returns it as the server has it. A run that is there already becomes this
// one: nothing is there twice. One with other parameters or of another validity cannot become it,
// and is deleted.
func Send(ctx context.Context, server *mlflow.Server, experiment string, run Run, folder string) (*mlflow.Run, error) {
	to := &sender{server: server, id: value(run.Tags, TagRun)}
	var err error
	if to.experiment, err = server.Experiment(ctx, experiment); err != nil {
		return nil, err
	}
	if to.there, err = to.find(ctx); err != nil {
		return nil, err
	}
	if err := to.deleteContradictions(ctx, run); err != nil {
		return nil, err
	}
	parent, err := to.log(ctx, run, "")
	if err != nil {
		return nil, err
	}
	for _, child := range run.Children {
		logged, err := to.log(ctx, child, parent.Info.ID)
		if err == nil {
			err = server.End(ctx, logged, child.Status, child.End)
		}
		if err != nil {
			return parent, fmt.Errorf("%s: %w", child.Name, err)
		}
	}
	// Until all is there, the run is RUNNING.
	if err := upload(ctx, server, parent, folder); err != nil {
		return parent, err
	}
	return parent, server.End(ctx, parent, run.Status, run.End)
}

// sender sends one run.
type sender struct {
	server         *mlflow.Server
	experiment, id string
	there          []*mlflow.Run // that have the run's id, children among them
}

func (s *sender) find(ctx context.Context) ([]*mlflow.Run, error) {
	return s.server.Find(ctx, s.experiment, TagRun, s.id)
}

// match is the one of some runs that a run is to become; nil where there is none.
func match(all []*mlflow.Run, run Run, parent string) *mlflow.Run {
	i := slices.IndexFunc(all, func(r *mlflow.Run) bool {
		return r.Tag(mlflow.TagParent) == parent && r.Tag(TagTarget) == value(run.Tags, TagTarget) && r.Tag(TagPhase) == value(run.Tags, TagPhase)
	})
	if i < 0 {
		return nil
	}
	return all[i]
}

// deleteContradictions deletes what is there of the run where it cannot become it.
func (s *sender) deleteContradictions(ctx context.Context, run Run) error {
	parent := match(s.there, run, "")
	if parent == nil {
		return nil
	}
	contradicts := contradicts(run, parent)
	for _, child := range run.Children {
		if there := match(s.there, child, parent.Info.ID); there != nil {
			contradicts = contradicts || child.Contradicts(there.Data)
		}
	}
	if !contradicts {
		return nil
	}
	for _, r := range slices.Backward(s.there) { // the children first
		if err := s.server.Delete(ctx, r); err != nil {
			return err
		}
	}
	s.there = nil
	return nil
}

func contradicts(run Run, there *mlflow.Run) bool {
	return there.Tag(TagValidity) != value(run.Tags, TagValidity) || run.Contradicts(there.Data)
}

// log makes a run, unless it is there, and logs what it lacks.
func (s *sender) log(ctx context.Context, run Run, parent string) (*mlflow.Run, error) {
	if parent != "" {
		run.Tags = append(slices.Clone(run.Tags), mlflow.Param{Key: mlflow.TagParent, Value: parent})
	}
	made := match(s.there, run, parent)
	if made == nil {
		var err error
		made, err = s.server.Create(ctx, s.experiment, run.Name, run.Start, run.Tags, func() (*mlflow.Run, error) {
			all, err := s.find(ctx)
			return match(all, run, parent), err
		})
		if err != nil {
			return nil, err
		}
	}
	return made, s.server.Log(ctx, made, run.Data)
}

// upload uploads the files of a run's folder.
func upload(ctx context.Context, server *mlflow.Server, run *mlflow.Run, folder string) (err error) {
	root, err := os.OpenRoot(folder) // whatever symbolic links say
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	names, err := artifacts(root.FS())
	for _, name := range names {
		err := server.Upload(ctx, run, name, func() (io.ReadCloser, int64, error) {
			file, err := root.Open(name)
			if err != nil {
				return nil, 0, err
			}
			info, err := file.Stat()
			if err != nil {
				return nil, 0, errors.Join(err, file.Close())
			}
			return file, info.Size(), nil
		})
		if err != nil {
			return err
		}
	}
	return err
}

// Artifacts are the names of the files of a run's folder that are uploaded.
func Artifacts(folder string) ([]string, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	names, err := artifacts(root.FS())
	return names, errors.Join(err, root.Close())
}

// artifacts are all files but hidden ones, which a servebench writes just now, and vegeta's own
// results (--raw), which have each answer in them and may be of any length.
func artifacts(folder fs.FS) (names []string, err error) {
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.Type().IsRegular() && path.Ext(name) != ".vegeta":
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// value is that of a tag; "" where there is none.
func value(tags []mlflow.Param, key string) string {
	return (&mlflow.Run{Data: mlflow.Data{Tags: tags}}).Tag(key)
}
