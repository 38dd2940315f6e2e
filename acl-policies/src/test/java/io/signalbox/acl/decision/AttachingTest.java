package io.signalbox.acl.decision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.model.Policy;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A bundle with other attachments is the one that is compiled with them. */
final class AttachingTest {
  private static final int STEPS = 300;

  private static final List<Policy> POLICIES =
      List.of(policy("a", "enforce"), policy("b", "enforce"), policy("c", "observe"));

  private static Policy policy(String name, String mode) {
    Problems problems = new Problems();
    String text =
        """
        version: 1
        name: %1$s
        mode: %2$s
        statements:
          - { id: send, effect: allow, actions: [publish], topics: ["%1$s/${device.id}"] }
        """
            .formatted(name, mode);
    return PolicyParser.parse("api", name, text, SourceLimits.DEFAULTS, problems)
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }

  private static PolicyBundle compiled(Set<Attachment> attachments) {
    return PolicyBundle.compile(POLICIES, List.copyOf(attachments), new Problems()).orElseThrow();
  }

  private static Attachment any(Random random) {
    Attachment.Kind kind = random.nextBoolean() ? Attachment.Kind.DEVICE : Attachment.Kind.GROUP;
    String policy = "api:" + "abcd".charAt(random.nextInt(4)); // there is no d
    return new Attachment(policy, kind, "t" + random.nextInt(6));
  }

  @Test
  void isTheSameAsCompilingItAnew() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    Set<Attachment> attachments = new LinkedHashSet<>();
    PolicyBundle bundle = compiled(attachments);
    for (int step = 0; step < STEPS; step++) {
      List<Attachment> added = new ArrayList<>();
      List<Attachment> removed = new ArrayList<>();
      for (int i = random.nextInt(3); i >= 0; i--) {
        (random.nextBoolean() ? added : removed).add(any(random));
      }
      PolicyBundle before = bundle;
      String hash = before.hash();
      bundle = bundle.attaching(added, removed);
      removed.forEach(attachments::remove);
      added.stream().filter(each -> !each.policy().equals("api:d")).forEach(attachments::add);
      PolicyBundle anew = compiled(attachments);
      String where = "seed " + seed + ", step " + step;
      assertTrue(bundle.sameAs(anew), where);
      assertEquals(attachments, Set.copyOf(bundle.attachments()), where);
      assertEquals(attachments.size(), bundle.attachments().size(), where);
      for (int target = 0; target < 6; target++) {
        Subject subject =
            Subject.builder("x").device("t" + target).groups(List.of("t" + (5 - target))).build();
        assertEquals(anew.boundTo(subject), bundle.boundTo(subject), where);
        assertEquals(
            anew.shadow().orElseThrow().boundTo(subject),
            bundle.shadow().orElseThrow().boundTo(subject),
            where);
        assertEquals(
            anew.bind(subject).decidePublish("a/t" + target, 0, false, 0).allowed(),
            bundle.bind(subject).decidePublish("a/t" + target, 0, false, 0).allowed(),
            where);
      }
      assertEquals(hash, before.hash(), "the one before stays as it was");
    }
    assertSame(bundle, bundle.attaching(List.copyOf(attachments), List.of()));
  }
}
