package main

import (
	"os"
	"slices"
	"strings"

	"servebench/cmd/servebench/option"
	"servebench/generators"
	"servebench/generators/credit"
	"servebench/generators/export"
	"servebench/generators/hyperplane"
	"servebench/generators/sea"
	"servebench/reports"
	"servebench/reports/benchfmt"
	"servebench/reports/benchmarkaction"
	"servebench/reports/figures"
	"servebench/reports/html"
	jsonreport "servebench/reports/json"
	"servebench/reports/junit"
	"servebench/reports/markdown"
	"servebench/reports/openmetrics"
	"servebench/reports/tensorboard"
	"servebench/reports/text"
	"servebench/scenarios"
	"servebench/scenarios/secret"
	"servebench/targets"
	"servebench/targets/container"
	"servebench/targets/endpoint"
	"servebench/targets/kubernetes"
	"servebench/targets/lambda"
	"servebench/targets/physical"
	"servebench/targets/protocol"
	lambdaprotocol "servebench/targets/protocol/lambda"
	"servebench/targets/protocol/mlflow"
	"servebench/targets/protocol/sagemaker"
	"servebench/targets/protocol/template"
	"servebench/targets/protocol/tfserving"
	v2 "servebench/targets/protocol/v2"
	"servebench/targets/protocol/v2grpc"
	refserver "servebench/targets/reference"
	"servebench/targets/reference/clock"
	"servebench/targets/reference/fault"
	"servebench/targets/reference/models"
	"servebench/targets/vm"
)

// The lists that everything else is derived from: help texts, validation,
// "unknown target X, want one of …". A new target, generator, protocol or
// format is one line here. The order is the one that users see.

func targetKinds() []targets.Kind {
	return []targets.Kind{
		physical.Kind(),
		container.Kind(),
		vm.Kind(program("guestinit")),
		kubernetes.Kind(kubernetes.Programs{Expiry: program("kubernetesexpiry"), Load: loadProgram}),
		lambda.Kind(lambda.Programs{Service: program("locallambda"), Adapter: program("lambdaadapter")}),
		endpoint.Kind(),
	}
}

func generatorKinds() []generators.Kind {
	return []generators.Kind{
		credit.Kind(),
		hyperplane.Kind(),
		sea.Kind(),
	}
}

func protocolKinds() []protocol.Kind {
	return []protocol.Kind{
		v2.Kind(),
		v2.BinaryKind(),
		v2grpc.Kind(),
		tfserving.Kind(),
		mlflow.Kind(),
		sagemaker.Kind(),
		sagemaker.ContainerKind(),
		lambdaprotocol.Kind(),
		template.Kind(),
	}
}

func reportFormats() []reports.Format {
	return []reports.Format{
		html.Format(),
		figures.Format(),
		text.Format(),
		jsonreport.Format(),
		junit.Format(),
		markdown.Format(),
		openmetrics.Format(),
		benchfmt.Format(),
		benchmarkaction.Format(),
		tensorboard.Format(),
	}
}

func dataFormats() []export.Format {
	return append(export.Formats(), v2.Lines())
}

// secretKey is the key of the hashes that secrets are recorded as, kept on this machine.
func secretKey() []byte {
	file, err := targets.CacheDir("secret.key")
	if err != nil {
		return secret.NewKey()
	}
	return secret.LoadKey(file)
}

func catalogue() scenarios.Catalogue {
	c := scenarios.Catalogue{
		Targets:     targetKinds(),
		Generators:  generatorKinds(),
		Protocols:   protocolKinds(),
		Injected:    fault.Check,
		Environment: os.LookupEnv,
		SecretKey:   secretKey,
	}
	for _, model := range models.All() {
		c.Models = append(c.Models, scenarios.Model{Name: model.Name, Doc: model.Doc})
	}
	timed := scenarios.Model{
		Untrained: true,
		Name:      clock.Name, Doc: clock.Description().Doc, Options: clock.Config{}, OptionsSource: clock.KeySource,
		OptionsDoc: "How the reference server's model clock takes its time, so that it is known in advance what its response times have to be.",
	}
	c.Models = append(c.Models, timed, scenarios.Model{Name: refserver.NoopName, Doc: refserver.Noop().Doc, Untrained: true})
	return c
}

func targetName(k targets.Kind) string { return k.Name }

// targetNames lists the targets, for the help of flags.
func targetNames() string { return strings.Join(option.Names(targetKinds(), targetName), ", ") }

// newFormats is the flag of the reports to write: unless told otherwise those for people,
// or for continuous integration, or both.
func newFormats(people, ci bool) *option.SomeOf[reports.Format] {
	all := reportFormats()
	chosen := slices.DeleteFunc(slices.Clone(all), func(f reports.Format) bool {
		return f.OnRequest || f.CI && !ci || !f.CI && !people
	})
	return &option.SomeOf[reports.Format]{All: all, NameOf: func(f reports.Format) string { return f.Name }, Chosen: chosen}
}
