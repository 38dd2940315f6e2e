package io.signalbox.acl.proof;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.subject.Attribute;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The texts and variables that bundles speak of, and texts that they do not. */
final class Vocabulary {
  private final Set<String> texts = new HashSet<>();
  private final Set<Attribute> denyVariables = new LinkedHashSet<>();
  private int levelsMax = 1;

  /** A character that stands in no policy and no value that is made here. */
  private final char mark;

  /**
   * @param asked what the question itself speaks of, "" for nothing
   */
  Vocabulary(String asked, PolicyBundle... bundles) {
    for (PolicyBundle bundle : bundles) {
      for (Policy policy : bundle.policies()) {
        policy.statements().forEach(this::add);
      }
    }
    mark = unused(asked, bundles);
  }

  private static char unused(String asked, PolicyBundle... bundles) {
    StringBuilder all = new StringBuilder(asked);
    for (PolicyBundle bundle : bundles) {
      bundle.policies().forEach(policy -> all.append(PolicyJson.of(policy)));
      bundle.attachments().forEach(attachment -> all.append(attachment.target()));
    }
    char mark = '~';
    while (all.indexOf(String.valueOf(mark)) >= 0) {
      mark = mark == '~' ? '\u2460' : (char) (mark + 1); // circled numbers: visible, and rare
    }
    return mark;
  }

  private void add(Statement statement) {
    List<TopicTemplate> topics = new ArrayList<>(statement.topics());
    topics.addAll(statement.literalFilters());
    for (TopicTemplate topic : topics) {
      levelsMax = Math.max(levelsMax, topic.levels().size());
      topic.levels().stream().filter(Template::isLiteral).forEach(l -> texts.add(l.toString()));
      if (statement.isDeny()) {
        denyVariables.addAll(topic.variables());
      }
    }
    List<NameTemplate> names = new ArrayList<>(statement.clientIds());
    names.addAll(statement.shareGroups());
    for (NameTemplate name : names) {
      texts.add(name.template().toString());
      if (statement.isDeny()) {
        denyVariables.addAll(name.template().variables());
      }
    }
  }

  /** Values that clients should not have, if others will do. */
  Set<String> texts() {
    return texts;
  }

  /** A deny is widest where one of these has no value. */
  Collection<Attribute> denyVariables() {
    return denyVariables;
  }

  /**
   * Topics of a region that no statement singles out: wildcards filled with texts of nobody, in
   * every length that patterns can tell apart. If any topic of the region is free of a set of
   * patterns, one of these is.
   */
  List<String> topics(Filter region) {
    List<String> levels = new ArrayList<>();
    for (String level : region.levels()) {
      if (!level.equals("#")) {
        levels.add(level.equals("+") ? fresh(levels.size()) : level);
      }
    }
    List<String> topics = new ArrayList<>();
    int longest = region.isMultiLevel() ? Math.max(levelsMax, levels.size()) + 1 : levels.size();
    for (int length = levels.size(); length <= longest; length++) {
      while (levels.size() < length) {
        levels.add(fresh(levels.size()));
      }
      String topic = String.join("/", levels);
      if (region.matches(topic) && !topic.isEmpty()) {
        topics.add(topic);
      }
    }
    return topics;
  }

  /** A text that no pattern, with whatever values, is or begins with. */
  String fresh(int number) {
    return mark + "any" + (number == 0 ? "" : number);
  }

  /** As {@link #fresh}, for the end of a Client Identifier: no level is this text. */
  String freshName() {
    return mark + "id";
  }
}
