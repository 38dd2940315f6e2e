package io.signalbox.acl.decision;

import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Match;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the policies of a client without trying all of them: most policies compare some attribute
 * with fixed values, and are looked up by one of these. Immutable.
 */
final class BindingIndex {
  /** Attribute, then value, then indexes of policies whose match must still be evaluated. */
  private final Map<Attribute, Map<String, List<Integer>>> candidates;

  /** Attribute, then value, then indexes of policies that are attached to it. */
  private final Map<Attribute, Map<String, List<Integer>>> attached;

  /** Indexes of policies that compare nothing with fixed values. */
  private final List<Integer> tryAlways;

  private final List<Policy> policies;
  private final Map<String, Integer> byRef;

  /**
   * @param attachments of policies that are in the list
   */
  BindingIndex(List<Policy> policies, List<Attachment> attachments) {
    this.policies = policies;
    this.candidates = new HashMap<>();
    this.attached = new HashMap<>();
    this.tryAlways = new ArrayList<>();
    this.byRef = new HashMap<>();
    for (int i = 0; i < policies.size(); i++) {
      int index = i;
      byRef.put(policies.get(i).ref(), i);
      policies.get(i).match().ifPresent(match -> add(match, index));
    }
    for (Attachment attachment : attachments) {
      Integer index = byRef.get(attachment.policy());
      if (index != null) {
        put(attached, attachment.kind().attribute(), attachment.target(), index);
      }
    }
  }

  private BindingIndex(BindingIndex before) {
    this.policies = before.policies;
    this.candidates = before.candidates;
    this.tryAlways = before.tryAlways;
    this.byRef = before.byRef;
    this.attached = new HashMap<>();
    before.attached.forEach(
        (attribute, byTarget) -> attached.put(attribute, new HashMap<>(byTarget)));
  }

  /** The same policies, bound to others; this one stays as it is. */
  BindingIndex attaching(List<Attachment> added, Set<Attachment> removed) {
    var made = new BindingIndex(this);
    for (Attachment attachment : removed) {
      made.change(attachment, false);
    }
    for (Attachment attachment : added) {
      made.change(attachment, true);
    }
    return made;
  }

  /** Lists are shared with earlier indexes: one that changes is another one. */
  private void change(Attachment attachment, boolean binds) {
    Integer index = byRef.get(attachment.policy());
    if (index == null) {
      return;
    }
    Map<String, List<Integer>> byTarget =
        attached.computeIfAbsent(attachment.kind().attribute(), _ -> new HashMap<>());
    List<Integer> indexes = new ArrayList<>(byTarget.getOrDefault(attachment.target(), List.of()));
    if (binds) {
      indexes.add(index);
    } else {
      indexes.remove(/* element */ index);
    }
    if (indexes.isEmpty()) {
      byTarget.remove(attachment.target());
    } else {
      byTarget.put(attachment.target(), indexes);
    }
  }

  /** Whether there is a policy. */
  boolean has(String ref) {
    return byRef.containsKey(ref);
  }

  /** Indexes of the policies that bind to this client, ascending, each once. */
  int[] find(Subject subject) {
    Found found = new Found();
    for (int index : tryAlways) {
      tryMatch(index, subject, found);
    }
    for (Map.Entry<Attribute, Map<String, List<Integer>>> byValue : candidates.entrySet()) {
      for (String value : byValue.getKey().of(subject)) {
        for (int index : byValue.getValue().getOrDefault(value, List.of())) {
          tryMatch(index, subject, found);
        }
      }
    }
    for (Map.Entry<Attribute, Map<String, List<Integer>>> byValue : attached.entrySet()) {
      for (String value : byValue.getKey().of(subject)) {
        for (int index : byValue.getValue().getOrDefault(value, List.of())) {
          found.add(index);
        }
      }
    }
    return found.sorted();
  }

  private void tryMatch(int index, Subject subject, Found found) {
    if (policies.get(index).match().orElseThrow().holdsFor(subject)) {
      found.add(index);
    }
  }

  /** Some of many policies, perhaps more than once. */
  private static final class Found {
    private int[] indexes = new int[8];
    private int count;

    void add(int index) {
      if (count == indexes.length) {
        indexes = Arrays.copyOf(indexes, 2 * count);
      }
      indexes[count++] = index;
    }

    int[] sorted() {
      Arrays.sort(indexes, 0, count);
      int distinct = 0;
      for (int i = 0; i < count; i++) {
        if (i == 0 || indexes[i] != indexes[i - 1]) {
          indexes[distinct++] = indexes[i];
        }
      }
      return Arrays.copyOf(indexes, distinct);
    }
  }

  private void add(Match match, int index) {
    Optional<List<Test>> keys = keys(match);
    if (keys.isEmpty()) {
      tryAlways.add(index);
      return;
    }
    for (Test test : keys.get()) {
      for (Glob literal : test.anyOf()) {
        put(candidates, test.attribute(), literal.text(), index);
      }
    }
  }

  private static void put(
      Map<Attribute, Map<String, List<Integer>>> index,
      Attribute attribute,
      String value,
      int policy) {
    index
        .computeIfAbsent(attribute, _ -> new HashMap<>())
        .computeIfAbsent(value, _ -> new ArrayList<>(1))
        .add(policy);
  }

  /** Tests of which at least one holds whenever the match holds; empty when there are none such. */
  private static Optional<List<Test>> keys(Match match) {
    Test single = null;
    for (Condition condition : match.all()) {
      Optional<Test> key = key(condition);
      if (key.isPresent() && (single == null || breadth(key.get()) < breadth(single))) {
        single = key.get();
      }
    }
    if (single != null) {
      return Optional.of(List.of(single));
    }
    List<Test> each = new ArrayList<>();
    for (Condition condition : match.any()) {
      Optional<Test> key = key(condition);
      if (key.isEmpty()) {
        return Optional.empty();
      }
      each.add(key.get());
    }
    return each.isEmpty() ? Optional.empty() : Optional.of(each);
  }

  private static Optional<Test> key(Condition condition) {
    Test key = null;
    for (Test test : condition.tests()) {
      if (isFixed(test) && (key == null || breadth(test) < breadth(key))) {
        key = test;
      }
    }
    return Optional.ofNullable(key);
  }

  private static boolean isFixed(Test test) {
    for (Glob glob : test.anyOf()) {
      if (!glob.isLiteral()) {
        return false;
      }
    }
    return true;
  }

  /** Roughly how many clients share one value: the fewer, the better a key. */
  private static int breadth(Test test) {
    return switch (test.attribute().kind()) {
      case CLIENT_ID, DEVICE_ID, CERT_SERIAL, CERT_FINGERPRINT, CERT_CN, JWT_SUB, USER_NAME -> 0;
      case CERT_DNS_SAN, CERT_URI_SAN, CERT_EMAIL_SAN, DEVICE_ATTRIBUTE, JWT_CLAIM -> 1;
      case GROUP, CERT_OU -> 2;
      case JWT_AUD, CERT_ISSUER_CN, JWT_ISSUER, CERT_CA -> 3;
      case LISTENER, TRANSPORT, AUTH_METHOD -> 4;
    };
  }
}
