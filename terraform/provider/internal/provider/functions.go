package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"signalbox.internal/terraform-provider-signalbox/internal/topic"
)

// topicFunction asks something about two topics.
type topicFunction struct {
	name, summary, description string
	parameters                 [2]function.StringParameter
	answer                     func(first topic.Filter, second string) (bool, error)
}

func newTopicMatches() function.Function {
	return &topicFunction{
		name:    "topic_matches",
		summary: "Whether a message on a topic is for a Topic Filter",
		description: "Exactly as the broker decides (MQTT 5.0 section 4.7): `+` is any one level, `#` any rest and also none, and neither " +
			"of them stands for a first level that begins with `$`. Of a Shared Subscription, `$share/NAME/FILTER`, the `FILTER` counts.",
		parameters: [2]function.StringParameter{
			{Name: "filter", MarkdownDescription: "Topic Filter, such as `plant/+/state`."},
			{Name: "topic", MarkdownDescription: "Topic Name, such as `plant/7/state`."},
		},
		answer: topic.Filter.Matches,
	}
}

func newTopicContains() function.Function {
	return &topicFunction{
		name:    "topic_contains",
		summary: "Whether a Topic Filter matches all that another one matches",
		description: "What a policy's pattern must do for a subscription to be allowed. `a/#` contains `a/+/b`; `a/+` does not contain " +
			"`a/#`; `#` does not contain `$SYS/#`.",
		parameters: [2]function.StringParameter{
			{Name: "outer", MarkdownDescription: "Topic Filter, such as the pattern of a policy."},
			{Name: "inner", MarkdownDescription: "Topic Filter, such as the one of a subscription."},
		},
		answer: func(outer topic.Filter, inner string) (bool, error) {
			filter, err := topic.ParseFilter(inner)
			if err != nil {
				return false, err
			}
			return outer.Contains(filter), nil
		},
	}
}

func (f *topicFunction) Metadata(_ context.Context, _ function.MetadataRequest, response *function.MetadataResponse) {
	response.Name = f.name
}

func (f *topicFunction) Definition(_ context.Context, _ function.DefinitionRequest, response *function.DefinitionResponse) {
	response.Definition = function.Definition{
		Summary:             f.summary,
		MarkdownDescription: f.description,
		Parameters:          []function.Parameter{f.parameters[0], f.parameters[1]},
		Return:              function.BoolReturn{},
	}
}

func (f *topicFunction) Run(ctx context.Context, request function.RunRequest, response *function.RunResponse) {
	var first, second string
	if response.Error = request.Arguments.Get(ctx, &first, &second); response.Error != nil {
		return
	}
	filter, err := topic.ParseFilter(first)
	if err != nil {
		response.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	answer, err := f.answer(filter, second)
	if err != nil {
		response.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	response.Error = response.Result.Set(ctx, answer)
}
