package schema

import (
	"math"
	"slices"
	"strings"

	"gristmill/dataset"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/ml/metric"
	"gristmill/pipeline"
	"gristmill/registry"
)

func at(x float64) *float64 { return &x }

func text(name, about string) Key { return Key{Name: name, About: about, Form: Text} }

func word(name, about, def string, values ...string) Key {
	return Key{Name: name, About: about, Form: Word, Values: values, Default: def}
}

func whole(name, about, def string, low, high float64) Key {
	return Key{Name: name, About: about, Form: Whole, Default: def, Min: at(low), Max: at(high)}
}

func texts(name, about string) Key {
	return Key{Name: name, About: about, Form: List, Each: &Key{Form: Text}}
}

func mapping(name, about string, keys ...Key) Key {
	return Key{Name: name, About: about, Form: Mapping, Keys: keys}
}

func (k Key) needed() Key           { k.Required = true; return k }
func (k Key) or(forms ...Key) Key   { k.Or = append(k.Or, forms...); return k }
func (k Key) of(names []string) Key { k.Of = names; return k }

func seed(of string) Key {
	return whole("seed", "Of everything random in "+of+"; the same seed gives the same result.", "0", 0, math.MaxInt32)
}

// Spec returns the table of a spec's keys.
func Spec() Key {
	return mapping("", "A pipeline of gristmill: from a table to a served model.",
		text("name", "The pipeline's name; its experiment and, unless register says otherwise, its model bear it.").needed(),
		text("description", "A sentence for people."),
		data().needed(),
		transform(),
		train().needed(),
		evaluate(),
		mapping("register", "Registers a model that passed its gates as a new version.",
			Key{Name: "model", About: "The model's name.", Form: Text, Default: "the pipeline's name"},
			text("description", "A sentence for the model card."),
			card(),
		).or(Key{Form: Never, About: "The model is measured, not kept."}),
		mapping("deploy", "Gives the new version the traffic.",
			word("approval", "Who must agree.", "none", "none"),
		).or(Key{Form: Never, About: "The version is registered, not served."}),
		Key{Name: "monitor", About: "Kept for the watching of the model; this version does not act upon it.", Form: Any},
		Key{Name: "schedule", About: "Kept for retraining by the clock; this version does not act upon it.", Form: Any},
	)
}

func data() Key {
	const secret = "`secret://NAME`, which the worker looks up"
	return mapping("data", "The table: where it is, how it is read, what is predicted, how its rows are parted.",
		text("source", "Where the table is: `sample:NAME`, a file's path, `dataset:DIGEST`, `NAME@DIGEST`, `https://…`, `s3://BUCKET/KEY`, or one of the mappings.").needed().or(
			mapping("", "", mapping("http", "A web address with credentials.",
				text("url", "The address, or "+secret+".").needed(),
				text("bearer", "The token of the header Authorization: "+secret+"."),
				Key{Name: "headers", About: "Other headers; a credential as " + secret + ".", Form: Named, Each: &Key{Form: Text}}).needed()),
			mapping("", "", mapping("s3", "An object of any S3 server.",
				text("uri", "`s3://BUCKET/KEY`.").needed(),
				text("endpoint", "The server's address, if it is not the stack's own."),
				text("region", "Its region."),
				text("access_key", "The key's name: "+secret+"."),
				text("secret_key", "The key: "+secret+".")).needed()),
			mapping("", "", mapping("postgres", "The rows of a query.",
				text("dsn", "The database: "+secret+".").needed(),
				text("query", "One select.").needed()).needed()),
		),
		Key{Name: "format", About: "Of the bytes.", Form: Word, Values: []string{"csv", "parquet"}, Default: "what the bytes are"},
		Key{Name: "encoding", About: "Of text: `utf-8`, `utf-16`, `windows-1252` and their kin.", Form: Text, Default: "UTF-8, or UTF-16 by its mark"},
		Key{Name: "separator", About: "Of cells: one ASCII character, or `tab`.", Form: Text, Default: "a comma"},
		Key{Name: "decimal", About: "The decimal mark of numbers: `,` for 1.234,5.", Form: Text, Default: "`.`"},
		Key{Name: "nulls", About: "Texts that stand for no value.", Form: List, Each: &Key{Form: Text}, Default: "the empty cell"},
		Key{Name: "dates", About: "How columns of times are written that are not ISO 8601, in the signs of strptime: `{sold: \"%d.%m.%Y\"}`.", Form: Named, Each: &Key{Form: Text}},
		Key{Name: "schema", About: "What the columns must be; a table that differs is refused.", Form: List, Default: "inferred", Each: &Key{Form: Mapping, Keys: []Key{
			text("name", "The column.").needed(),
			word("type", "Of its values.", "", string(frame.Float64), string(frame.Int64), string(frame.Bool), string(frame.String), string(frame.Timestamp)).needed(),
			{Name: "nullable", About: "A row may have no value.", Form: Switch, Default: "false"},
			{Name: "min", About: "The smallest allowed number.", Form: Number},
			{Name: "max", About: "The largest allowed number.", Form: Number},
			texts("values", "The allowed texts."),
			text("format", "Of times, in the signs of strptime."),
		}}},
		text("target", "The column to predict.").needed(),
		Key{Name: "positive", About: "Of a target with two classes: the one that counts as positive.", Form: Text, Default: "the last by the alphabet"},
		texts("drop", "Columns that the model does not see."),
		text("time", "The column of times that says when a row happened."),
		text("until", "The logical date or time, ISO 8601: rows whose time is after it are not read. A date alone keeps the rows of that whole day (UTC); for its midnight write `2024-06-30T00:00:00Z`."),
		mapping("split", "How the rows are parted.",
			word("kind", "`group` keeps the rows of a group together, `time` tests on the newest rows, `ids` takes the rows from a file.", dataset.Random,
				dataset.Random, dataset.Stratified, dataset.IDs, dataset.Grouped, dataset.Timed),
			Key{Name: "test", About: "Share of the rows for the test.", Form: Number, Min: at(0), Max: at(1), Above: true, Below: true, Default: "0.2"},
			Key{Name: "validation", About: "Share of the rows to validate.", Form: Number, Min: at(0), Max: at(1), Below: true, Default: "0.2, or 0 beside a test"},
			text("by", "Of kinds group and time: the column."),
			seed("the split"),
			text("file", "Of kind ids: the address of the file of row ids."),
		),
	)
}

// Algorithms are those that train.algorithm may name; the baselines are not.
func algorithms() []catalog.Algorithm {
	return slices.DeleteFunc(catalog.Algorithms(), func(a catalog.Algorithm) bool {
		return a.Name == catalog.Baseline(a.Task).Kind()
	})
}

func algorithmNames(task catalog.Task) (names []string) {
	for _, a := range algorithms() {
		if task == "" || a.Task == task {
			names = append(names, a.Name)
		}
	}
	return names
}

func train() Key {
	regression, classification := algorithmNames(catalog.Regression), algorithmNames(catalog.Classification)
	keys := []Key{
		word("algorithm", "What is fitted; the rest of its keys are its own.", "", algorithmNames("")...).needed(),
		whole("checkpoint_every", "Iterations between checkpoints, from which a stopped fit goes on.", "0, none", 0, math.MaxInt32),
		seed("the fit"),
		word("queue", "Where it runs.", pipeline.QueueCPU, pipeline.QueueLight, pipeline.QueueCPU, pipeline.QueueGPU),
		mapping("cv", "A cross-validation: the training rows are parted into folds, and each is measured by a fit on the others. Gates `cv_METRIC` see the mean.",
			Key{Name: "kind", About: "How folds are made.", Form: Word, Values: []string{"kfold", dataset.Stratified, dataset.Grouped, dataset.Timed},
				Default: "group or time if the split is, else stratified for classes, kfold for numbers"},
			whole("folds", "How many.", "5", 2, 50),
			Key{Name: "by", About: "Of kinds group and time: the column.", Form: Text, Default: "the split's"},
			seed("the folds"),
		),
		word("target_transform", "What the target goes through before the fit; predictions come the way back.", "", pipeline.Log1p).of(regression),
		Key{Name: "threshold", About: "The probability from which the positive class is predicted, or how to choose it on the validation rows.", Form: Number,
			Min: at(0), Max: at(1), Above: true, Below: true, Default: "0.5"}.or(word("", "", "", "f1", "youden", "cost")).of(classification),
	}
	for _, a := range algorithms() {
		for _, p := range a.Params {
			if i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == p.Name }); i >= 0 {
				keys[i].Of = append(keys[i].Of, a.Name)
				continue
			}
			keys = append(keys, parameter(p).of([]string{a.Name}))
		}
	}
	return mapping("train", "The algorithm and how it is fitted.", keys...)
}

// parameter describes a hyperparameter.
func parameter(p catalog.Param) Key {
	k := Key{Name: p.Name, About: sentence(p.Summary), Default: show(p.Default)}
	switch p.Type {
	case "number":
		k.Form = Number
	case "integer":
		k.Form, k.Min = Whole, at(1)
	case "bool":
		k.Form = Switch
	default:
		k.Form = Text
	}
	return k
}

// sentence gives a summary its capital and its stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

func metricNames(task catalog.Task) (names []string) {
	list := metric.RegressionNames()
	if task == catalog.Classification {
		list = metric.ClassificationNames()
	}
	for _, part := range []string{"test_", "val_", "cv_"} {
		for _, m := range list {
			names = append(names, part+m)
		}
	}
	return names
}

func evaluate() Key {
	classification := algorithmNames(catalog.Classification)
	return mapping("evaluate", "What is measured, and what a candidate must reach.",
		Key{Name: "gates", About: "Bounds by metric, such as `> 0.8` or `< 0.9 * baseline`; a candidate that fails one is rejected.", Form: Named,
			Values: union(metricNames(catalog.Regression), metricNames(catalog.Classification)), Each: &Key{Form: Text}},
		whole("bootstrap", "Resamples behind every 95 % interval; 0: no intervals.", "1000", 0, 100_000),
		seed("the measuring"),
		texts("slices", "Columns by whose values the test rows are measured apart; they may be dropped ones, such as the sex that a model must not use."),
		word("threshold", "How the report chooses a threshold of two classes.", "`cost` if there is one, else `f1`", "f1", "youden", "cost").of(classification),
		cost(),
		whole("importance", "Permutations of each column for its importance; 0: none.", "5", 0, 1000),
		checks(),
	)
}

func cost() Key {
	number := func(name, about string) Key {
		return Key{Name: name, About: about, Form: Number, Default: "0", Min: at(-1e15), Max: at(1e15)}
	}
	unit := func(name, about string) Key { // a gain would make the worst prediction the best
		k := number(name, about)
		k.Min = at(0)
		return k
	}
	regression, classification := algorithmNames(catalog.Regression), algorithmNames(catalog.Classification)
	return mapping("cost", "What predictions cost; a negative cost is a gain. Gives the expected value against the baseline's and the best threshold.",
		Key{Name: "currency", About: "For people: a word of at most 20 characters.", Form: Text, Default: "units"},
		number("true_positive", "Of a positive row predicted so.").of(classification),
		number("false_positive", "Of a negative row predicted positive.").of(classification),
		number("true_negative", "Of a negative row predicted so.").of(classification),
		number("false_negative", "Of a positive row predicted negative.").of(classification),
		Key{Name: "matrix", About: "Instead, for any number of classes: by actual and then by predicted class.", Form: Named,
			Each: &Key{Form: Named, Each: &Key{Form: Number}}, Of: classification},
		unit("over", "Of one unit that a prediction is too high.").of(regression),
		unit("under", "Of one unit that it is too low.").of(regression),
	)
}

func card() Key {
	return mapping("card", "What nobody can measure, for the model card.",
		text("purpose", "What the model is for, and what it is not for."),
		text("owner", "Who answers for it."),
		text("contact", "Where to reach the owner."),
		text("limits", "Where it must not be trusted."),
		text("ethics", "Whom its errors touch, and how that was weighed."),
		text("fairness", "What was looked at between groups of people, and found."),
		Key{Name: "required", About: "Fields without which a version is not promoted.", Form: List, Each: &Key{Form: Word, Values: registry.CardFields()}},
	)
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
