package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"servebench/reports/mlflow"
	"servebench/targets/reference/models/training"

	"github.com/spf13/pflag"
)

// tracker logs trainings as runs of an experiment of an MLflow server.
type tracker struct {
	server     *mlflow.Server
	experiment string
}

// log logs a training that began at a time, with its account and the model's file, and returns the
// URL at which people see it.
func (t *tracker) log(ctx context.Context, began time.Time, params []mlflow.Param, result *training.Result, account []byte, file string, model []byte) (page string, err error) {
	experiment, err := t.server.Experiment(ctx, t.experiment)
	if err != nil {
		return "", err
	}
	const tag = "servebench.training" // by which it is found, should the answer to its creation be lost
	id := rand.Text()
	note := mlflow.Clip("```\n"+string(account), mlflow.LongestTag-len("\n```")) + "\n```"
	tags := []mlflow.Param{{Key: tag, Value: id}, {Key: mlflow.TagSource, Value: "refserver train"}, {Key: mlflow.TagNote, Value: note}}
	name := fmt.Sprintf("%s, seed %d", result.Model.Describe(), result.Recipe.Seed)
	run, err := t.server.Create(ctx, experiment, name, began, tags, func() (*mlflow.Run, error) {
		found, err := t.server.Find(ctx, experiment, tag, id)
		if len(found) == 0 {
			return nil, err
		}
		return found[0], err
	})
	if err != nil {
		return "", err
	}
	ended := time.Now()
	faults := []error{t.server.Log(ctx, run, mlflow.Data{Params: params, Metrics: trainingMetrics(result, ended)})}
	for name, content := range map[string][]byte{file: model, "account.txt": account} {
		faults = append(faults, t.server.Upload(ctx, run, name, func() (io.ReadCloser, int64, error) {
			return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
		}))
	}
	return t.server.Page(run), errors.Join(append(faults, t.server.End(ctx, run, mlflow.Finished, ended))...)
}

// flagParams are the flags with which a model can be trained again, but for those named.
func flagParams(flags *pflag.FlagSet, without ...string) (all []mlflow.Param) {
	flags.VisitAll(func(f *pflag.Flag) {
		if value := f.Value.String(); value != "" && !slices.Contains(without, f.Name) {
			all = append(all, mlflow.Param{Key: mlflow.Name(f.Name), Value: mlflow.Clip(value, mlflow.LongestParam)})
		}
	})
	return all
}

// trainingMetrics are the losses by tree or epoch, what the search and the cross-validation found,
// by candidate and by fold, and the quality on the test data.
func trainingMetrics(r *training.Result, at time.Time) (all []mlflow.Metric) {
	add := func(key string, step int, value float64) {
		if !math.IsNaN(value) {
			all = append(all, mlflow.Metric{Key: mlflow.Name(key), Value: value, Timestamp: at.UnixMilli(), Step: int64(step)})
		}
	}
	for i, curve := range r.Curves {
		member := ""
		if len(r.Curves) > 1 {
			member = fmt.Sprintf("model_%d.", i+1)
		}
		for n := range curve.Train {
			add(member+"train_log_loss", n+1, curve.Train[n])
			add(member+"validation_log_loss", n+1, curve.Valid[n])
		}
		add(member+"best", 0, float64(curve.Best))
	}
	if r.Search != nil {
		for i, c := range r.Search.Candidates {
			add("search.log_loss", i+1, c.Loss)
		}
	}
	for i, f := range r.Folds {
		add("fold.accuracy", i+1, f.Accuracy)
		add("fold.log_loss", i+1, f.LogLoss)
		add("fold.auc", i+1, f.AUC)
	}
	add("accuracy", 0, r.Score.Accuracy)
	if r.Interval != nil {
		add("accuracy.low", 0, r.Interval.Low)
		add("accuracy.high", 0, r.Interval.High)
	}
	add("n", 0, float64(r.Test.Rows))
	add("log_loss", 0, r.Score.LogLoss)
	add("auc", 0, r.Score.AUC)
	for class, recall := range r.Score.Recall {
		add("recall."+r.Classes[class], 0, recall)
	}
	return all
}
