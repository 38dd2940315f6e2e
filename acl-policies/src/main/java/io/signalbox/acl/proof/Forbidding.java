package io.signalbox.acl.proof;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.TopicTemplate;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A deny of the poorer bundle that may be what is missed.
 *
 * @param topics of which one is asked for
 * @param widest these topics, whoever asks
 */
record Forbidding(
    Policy policy, Statement statement, List<TopicTemplate> topics, List<Filter> widest) {
  static Forbidding of(Policy policy, Statement statement) {
    return of(
        policy,
        statement,
        Stream.concat(statement.topics().stream(), statement.literalFilters().stream()).toList());
  }

  /** By what it names as text alone. */
  static Forbidding ofTexts(Policy policy, Statement statement) {
    return of(policy, statement, statement.literalFilters());
  }

  private static Forbidding of(Policy policy, Statement statement, List<TopicTemplate> topics) {
    return new Forbidding(
        policy, statement, topics, topics.stream().map(topic -> topic.widest(Map.of())).toList());
  }
}
