package topics

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
)

// configure alters the settings of topics that were created by an older version or by hand, where they do not do.
func (e *ensurer) configure(ctx context.Context) error {
	brokers, err := e.brokers(ctx)
	if err != nil {
		return err
	}
	for _, t := range topics.All() {
		current, err := e.describe(ctx, t)
		if err != nil {
			return err
		}
		if err := e.alter(ctx, t, e.cfg.wanted(t, brokers), current); err != nil {
			return err
		}
	}
	return nil
}

func (e *ensurer) describe(ctx context.Context, t topics.Topic) (map[string]string, error) {
	res, err := e.client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: t.Name}},
	})
	if err != nil {
		return nil, fmt.Errorf("describe settings of topic %s: %w", t.Name, err)
	}
	settings := map[string]string{}
	for _, r := range res.Resources {
		if r.Error != nil {
			return nil, fmt.Errorf("describe settings of topic %s: %w", t.Name, r.Error)
		}
		for _, entry := range r.ConfigEntries {
			settings[entry.ConfigName] = entry.ConfigValue
		}
	}
	return settings, nil
}

func (e *ensurer) alter(ctx context.Context, t topics.Topic, all []wanted, current map[string]string) error {
	resource := kafka.IncrementalAlterConfigsRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: t.Name}
	for _, w := range all {
		if is, told := current[w.setting]; !w.met(is) && (told || !w.optional) {
			resource.Configs = append(resource.Configs, kafka.IncrementalAlterConfigsRequestConfig{
				Name: w.setting, Value: w.value, ConfigOperation: kafka.ConfigOperationSet,
			})
		}
	}
	if len(resource.Configs) == 0 {
		return nil
	}
	res, err := e.client.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{resource},
	})
	if err != nil {
		return fmt.Errorf("alter settings of topic %s: %w", t.Name, err)
	}
	for _, r := range res.Resources {
		if r.Error != nil {
			return fmt.Errorf("alter settings of topic %s: %w", t.Name, r.Error)
		}
	}
	return nil
}
