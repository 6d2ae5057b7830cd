package trees

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"

	"servebench/reports/record/userfile"
	"servebench/targets/reference/trees/ubjson"
)

// foreignFormats are the formats of model files that are not read, by their first
// bytes, and what makes a JSON model of each.
var foreignFormats = []struct{ starts, text string }{
	{"binf", `it is XGBoost's old binary format (.bin, .model, .deprecated), which version 3.1 no longer reads; ` +
		`with an older version, such as 2.1: xgboost.Booster(model_file="model.bin").save_model("model.json")`},
	{"CONFIG-offset:", "it is the memory of a Booster, as pickle keeps it" + unpickle},
	{"\x80", "it is a Python pickle" + unpickle},
	{"x\x01", joblib}, {"x\x5e", joblib}, {"x\x9c", joblib}, {"x\xda", joblib},
	{"\x1f\x8b", "it is compressed with gzip: decompress it, and give the JSON that was in it"},
	{"PK\x03\x04", "it is a ZIP archive: unpack it, and give the JSON that was in it"},
	{"booster[0]", dump}, {"[", dump},
	{"tree\n", "it is a model of LightGBM; only XGBoost's are read"},
	{"CBM1", "it is a model of CatBoost; only XGBoost's are read"},
}

const (
	unpickle = `; in Python, load it the way it was saved, and then model.save_model("model.json")`
	joblib   = "it is compressed with zlib, as joblib does" + unpickle
	dump     = `it looks like the output of dump_model, which lacks what predictions need; in Python: booster.save_model("model.json")`
)

func foreignFormat(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("it is empty")
	}
	for _, f := range foreignFormats {
		if bytes.HasPrefix(data, []byte(f.starts)) {
			return errors.New(f.text)
		}
	}
	if !utf8.Valid(data) {
		return errors.New(`it is not text, so it is no JSON model; in Python: booster.save_model("model.json")`)
	}
	return nil
}

// parse reads the JSON or UBJSON of a model. XGBoost writes numbers that JSON has not, NaN
// and Infinity, so these become null first where there are any.
func parse(data []byte) (document, error) {
	var d document
	form := "JSON"
	if ubjson.Is(data) {
		text, err := ubjson.ToJSON(data)
		if err != nil {
			return d, err
		}
		data, form = text, "UBJSON, here as JSON"
	}
	if err := foreignFormat(data); err != nil {
		return d, fmt.Errorf("not the JSON of a model: %w", err)
	}
	if !json.Valid(data) {
		data = withoutBareNumbers(data)
	}
	err := userfile.JSON(data, &d)
	if err != nil {
		err = fmt.Errorf("not the %s of a model: %w", form, cmp.Or(wrongList(data), err))
	}
	return d, err
}

// wrongList looks for the list of a tree that cannot be read, and says where it is; nil:
// there is none. Whole models are read without keeping track of that, which is faster.
func wrongList(data []byte) error {
	var forest struct {
		Learner struct {
			Booster struct {
				Model struct {
					Trees []map[string]json.RawMessage `json:"trees"`
				} `json:"model"`
				Dart *struct {
					Model struct {
						Trees []map[string]json.RawMessage `json:"trees"`
					} `json:"model"`
				} `json:"gbtree"`
			} `json:"gradient_booster"`
		} `json:"learner"`
	}
	if json.Unmarshal(data, &forest) != nil {
		return nil
	}
	where, trees := "model", forest.Learner.Booster.Model.Trees
	if dart := forest.Learner.Booster.Dart; dart != nil {
		where, trees = "gbtree.model", dart.Model.Trees
	}
	for i, tree := range trees {
		for _, field := range reflect.VisibleFields(reflect.TypeFor[treeDoc]()) {
			name := field.Tag.Get("json")
			if list, there := tree[name]; there {
				if err := userfile.JSON(list, reflect.New(field.Type).Interface()); err != nil {
					return fmt.Errorf("learner.gradient_booster.%s.trees[%d].%s: %w", where, i, name, err)
				}
			}
		}
	}
	return nil
}

// bareNumbers are the numbers that XGBoost writes and JSON has not; and the
// strings, in which they are text.
var bareNumbers = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?(?:NaN|nan|Infinity|inf)\b`)

// withoutBareNumbers returns the data with null for every bare number.
func withoutBareNumbers(data []byte) []byte {
	return bareNumbers.ReplaceAllFunc(data, func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return []byte("null")
	})
}

// document is XGBoost's JSON model file as far as trees use it. Numbers of the
// parameter groups are strings there.
type document struct {
	Learner learnerDoc `json:"learner"`
	Version []int      `json:"version"`
}

type learnerDoc struct {
	Attributes   map[string]string `json:"attributes"`
	FeatureNames []string          `json:"feature_names"`
	FeatureTypes []string          `json:"feature_types"`
	Booster      boosterDoc        `json:"gradient_booster"`
	Params       learnerParams     `json:"learner_model_param"`
	Objective    objectiveDoc      `json:"objective"`
}

type learnerParams struct {
	BaseScore        string `json:"base_score"` // in the unit of predictions; in brackets since version 3.1
	BoostFromAverage string `json:"boost_from_average"`
	NumClass         string `json:"num_class"`
	NumFeature       string `json:"num_feature"`
	NumTarget        string `json:"num_target"`
}

type objectiveDoc struct {
	Name   string            `json:"name"`
	Params map[string]string `json:"reg_loss_param"`
}

type boosterDoc struct {
	Model boosterModel `json:"model"`
	Name  string       `json:"name"`
	Dart  *dartDoc     `json:"gbtree,omitempty"`
	// WeightDrop has what every tree of dart is multiplied by.
	WeightDrop numbers `json:"weight_drop,omitempty"`
}

// dartDoc holds the trees of the booster dart.
type dartDoc struct {
	Model boosterModel `json:"model"`
}

type boosterModel struct {
	Params boosterParams `json:"gbtree_model_param"`
	// IterationStarts lists the first tree of each round, and the number of
	// trees at the end.
	IterationStarts []int     `json:"iteration_indptr"`
	TreeInfo        []int     `json:"tree_info"` // the class that a tree is for: 0
	Trees           []treeDoc `json:"trees"`
}

type boosterParams struct {
	NumParallelTree string `json:"num_parallel_tree"`
	NumTrees        string `json:"num_trees"`
}

// treeDoc has one value per node in every list but those that name categories.
type treeDoc struct {
	ID              int        `json:"id"`
	Params          treeParams `json:"tree_param"`
	LeftChildren    indices    `json:"left_children"` // -1 for a leaf
	RightChildren   indices    `json:"right_children"`
	Parents         indices    `json:"parents"`
	SplitIndices    indices    `json:"split_indices"`
	SplitConditions numbers    `json:"split_conditions"` // of a leaf: its value
	SplitType       bits       `json:"split_type"`       // true: by category
	DefaultLeft     bits       `json:"default_left"`
	LossChanges     numbers    `json:"loss_changes"`
	SumHessian      numbers    `json:"sum_hessian"`
	BaseWeights     numbers    `json:"base_weights"`

	Categories         indices `json:"categories"`          // of all splits by category
	CategoriesNodes    indices `json:"categories_nodes"`    // the nodes of those splits
	CategoriesSegments indices `json:"categories_segments"` // where the categories of each begin
	CategoriesSizes    indices `json:"categories_sizes"`    // how many they are
}

type treeParams struct {
	NumDeleted     string `json:"num_deleted"`
	NumFeature     string `json:"num_feature"`
	NumNodes       string `json:"num_nodes"`
	SizeLeafVector string `json:"size_leaf_vector"`
}

// numbers is a list of numbers. XGBoost types a number by its looks and rejects
// 1 where it wants 1E0.
type numbers []float32

// MarshalJSON implements json.Marshaler.
func (n numbers) MarshalJSON() ([]byte, error) {
	data := []byte{'['}
	for i, v := range n {
		if i > 0 {
			data = append(data, ',')
		}
		start := len(data)
		data = strconv.AppendFloat(data, float64(v), 'g', -1, 32)
		if !bytes.ContainsAny(data[start:], ".e") {
			data = append(data, "E0"...)
		}
	}
	return append(data, ']'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *numbers) UnmarshalJSON(data []byte) error {
	*n = (*n)[:0]
	return items(data, func(item string) error {
		if item == "null" { // a bare NaN or Infinity
			item = "NaN"
		}
		v, err := strconv.ParseFloat(item, 32)
		if err != nil {
			return errors.New("a number")
		}
		*n = append(*n, float32(v))
		return nil
	})
}

// indices is a list of whole numbers.
type indices []int32

// UnmarshalJSON implements json.Unmarshaler.
func (n *indices) UnmarshalJSON(data []byte) error {
	*n = (*n)[:0]
	return items(data, func(item string) error {
		v, err := strconv.ParseInt(item, 10, 32)
		if err != nil {
			return errors.New("a whole number of 32 bits")
		}
		*n = append(*n, int32(v))
		return nil
	})
}

// bits is a list of booleans: true and false in files before version 2, 1 and 0
// since then.
type bits []bool

// MarshalJSON implements json.Marshaler.
func (b bits) MarshalJSON() ([]byte, error) {
	data := []byte{'['}
	for i, set := range b {
		if i > 0 {
			data = append(data, ',')
		}
		digit := byte('0')
		if set {
			digit = '1'
		}
		data = append(data, digit)
	}
	return append(data, ']'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *bits) UnmarshalJSON(data []byte) error {
	*b = (*b)[:0]
	return items(data, func(item string) error {
		switch item {
		case "1", "true":
			*b = append(*b, true)
		case "0", "false":
			*b = append(*b, false)
		default:
			return errors.New("0, 1, true or false")
		}
		return nil
	})
}

// items calls each with every item of a JSON list of numbers and booleans. The error of
// each is what an item should be. It is several times as fast as encoding/json, and a server reads its model before
// it is ready.
func items(data []byte, each func(item string) error) error {
	runtime.Gosched() // a model that is swapped is read beside the requests
	list := string(bytes.TrimSpace(data))
	if len(list) < 2 || list[0] != '[' {
		return fmt.Errorf("%.20q is not a list", list)
	}
	list = strings.TrimSpace(list[1 : len(list)-1])
	for i, more := 0, len(list) > 0; more; i++ {
		var item string
		item, list, more = strings.Cut(list, ",")
		item = strings.TrimSpace(item)
		if err := each(item); err != nil {
			return fmt.Errorf("item %d is %.20q, want %w", i, item, err)
		}
	}
	return nil
}
