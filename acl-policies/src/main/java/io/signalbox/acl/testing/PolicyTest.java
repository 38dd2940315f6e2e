package io.signalbox.acl.testing;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.subject.Subject;
import java.util.List;
import java.util.Optional;

/** What a {@code *.test.yaml} says. */
public record PolicyTest(String file, List<Case> cases, List<Invariant> invariants) {
  public PolicyTest {
    cases = List.copyOf(cases);
    invariants = List.copyOf(invariants);
  }

  /**
   * One request and the answer that is expected.
   *
   * @param attached policies that are attached to this client, as {@code namespace:name} or name
   * @param request Topic Name, Topic Filter or Client Identifier
   * @param by {@code policy#statement} that must decide
   * @param because word of the reason of a denial
   * @param grantedQos of an allowed SUBSCRIBE
   */
  public record Case(
      Position position,
      String principal,
      Subject subject,
      List<String> attached,
      Action action,
      String request,
      int qos,
      boolean retain,
      int payloadBytes,
      boolean allowed,
      Optional<String> by,
      Optional<String> because,
      Optional<Integer> grantedQos) {}

  /** By policies, nobody but those excepted can do this; proved for all clients. */
  public record Invariant(Position position, Action action, Filter region, List<Condition> except) {
    public Invariant {
      except = List.copyOf(except);
    }
  }
}
