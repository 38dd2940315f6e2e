package io.signalbox.acl.proof;

import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A filter that brought the message before, where the topic itself was refused as text: any other
 * deny may have refused it.
 */
final class WiderFilter implements Obstacle {
  private final Comparison bundles;
  private final Joining joining;
  private final Asked asked;

  WiderFilter(Comparison bundles, Joining joining, Asked asked) {
    this.bundles = bundles;
    this.joining = joining;
    this.asked = asked;
  }

  @Override
  public List<Way> waysAround(Demands demands) {
    List<Way> ways = new ArrayList<>();
    for (Policy other : bundles.poor().policies()) {
      for (Statement deny : other.statements()) {
        boolean refuses =
            deny.isDeny()
                && (deny.actions().contains(Action.SUBSCRIBE)
                    || (asked.isShared() && deny.actions().contains(Action.RECEIVE)));
        if (refuses) {
          addRefusals(demands, other, deny, ways);
        }
      }
    }
    return ways;
  }

  private void addRefusals(Demands demands, Policy other, Statement deny, List<Way> ways) {
    TopicTemplate filter = new TopicTemplate(asked.writtenLevels());
    List<Formula> conditions = List.of(bundles.ofPoor().of(other), Formula.of(deny.where()));
    boolean whole = deny.overlap() == Overlap.FILTER && !asked.isShared();
    for (Joining.Meeting shared : shared(demands, deny)) {
      List<Joining.Meeting> meetings = new ArrayList<>();
      for (TopicTemplate topic : deny.topics()) {
        joining.topics(shared.demands(), filter, topic).stream()
            .filter(meeting -> !whole || meeting.isWide() || covers(topic, filter))
            .forEach(meetings::add);
      }
      for (TopicTemplate text : deny.literalFilters()) {
        joining.topics(shared.demands(), filter, text).stream()
            .filter(meeting -> meeting.isWide() || isSameShape(text, filter))
            .forEach(meetings::add);
      }
      for (Joining.Meeting meeting : meetings) {
        List<Formula> formulas = new ArrayList<>(conditions);
        formulas.addAll(shared.formulas());
        formulas.addAll(meeting.formulas());
        ways.add(new Way(meeting.demands(), formulas));
      }
    }
  }

  /** Where the deny speaks of the share group. */
  private List<Joining.Meeting> shared(Demands demands, Statement deny) {
    if (deny.shareGroups().isEmpty()) {
      return List.of(new Joining.Meeting(demands, List.of(), List.of()));
    }
    return asked.name().flatMap(Asked.Name::origin).stream()
        .flatMap(
            mine ->
                deny.shareGroups().stream()
                    .flatMap(
                        group ->
                            joining.names(demands, new NameTemplate(mine, false), group).stream()))
        .toList();
  }

  /** Whether it has a wildcard wherever the filter has one. */
  private static boolean covers(TopicTemplate topic, TopicTemplate filter) {
    for (int i = 0; i < topic.levels().size() && i < filter.levels().size(); i++) {
      Template level = topic.levels().get(i);
      if (level.toString().equals("#")) {
        return true;
      }
      if (Unification.isWildcard(filter.levels().get(i)) && !Unification.isWildcard(level)) {
        return false;
      }
    }
    return true;
  }

  /** Whether both have the same wildcards at the same levels. */
  private static boolean isSameShape(TopicTemplate topic, TopicTemplate filter) {
    return topic.levels().size() == filter.levels().size()
        && IntStream.range(0, topic.levels().size())
            .allMatch(
                i -> {
                  Template one = topic.levels().get(i);
                  Template other = filter.levels().get(i);
                  return one.equals(other)
                      || !(Unification.isWildcard(one) || Unification.isWildcard(other));
                });
  }
}
