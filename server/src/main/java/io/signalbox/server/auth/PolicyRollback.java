package io.signalbox.server.auth;

import io.signalbox.acl.model.Policy;
import io.signalbox.acl.source.Problems;
import io.signalbox.server.auth.PolicyStore.Proposal;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Edit;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.PolicyHistory;
import io.signalbox.server.registry.PolicyHistory.Place;
import io.signalbox.server.registry.PolicyRevision;
import io.signalbox.server.registry.PolicyRevision.What;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Stamp;
import io.signalbox.server.registry.StoredPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The API's policies as they were at an earlier revision. */
final class PolicyRollback {
  private final Registry registry;
  private final PolicyHistory history;

  PolicyRollback(Registry registry, PolicyHistory history) {
    this.registry = registry;
    this.history = history;
  }

  /**
   * @throws RegistryException it is not kept
   */
  PolicyRevision find(long number) throws RegistryException {
    Optional<PolicyRevision> found = history.find(number);
    if (found.isEmpty()) {
      PolicyRevision latest = history.latest();
      throw new RegistryException(
          RegistryException.Reason.NOT_FOUND,
          "there is no revision %d of the policies; kept are %d to %d"
              .formatted(number, history.oldest().orElse(0), latest == null ? 0 : latest.number()));
    }
    return found.get();
  }

  /** A revision with what was there after it. */
  ApiPolicies.Past past(long number) throws RegistryException {
    PolicyRevision revision = find(number);
    Map<Place, Optional<Entry<?>>> then = history.asOf(number);
    List<Optional<Entry<?>>> after = new ArrayList<>();
    for (PolicyRevision.Delta delta : revision.deltas()) {
      Optional<Entry<?>> earlier = then.get(new Place(delta.what(), delta.name()));
      after.add(earlier == null ? Optional.ofNullable(now(delta.what(), delta.name())) : earlier);
    }
    return new ApiPolicies.Past(revision, after);
  }

  private @Nullable Entry<?> now(What what, String name) {
    return switch (what) {
      case POLICY -> registry.find(Kind.POLICY, name);
      case ATTACHMENT -> registry.find(Kind.ATTACHMENT, name);
      case FILE -> null;
    };
  }

  /**
   * How to come to a revision from what is there now.
   *
   * @param leftOut attachments of then whose targets are gone, or are others of the same name now
   */
  record Back(Proposal proposal, List<PolicyAttachment> leftOut) {}

  /**
   * How to come to a revision from what is there now.
   *
   * @throws PolicyException a policy of then is not valid any more
   */
  Back to(long number) throws PolicyException, RegistryException {
    PolicyRevision revision = find(number);
    Map<String, Optional<Policy>> policies = new LinkedHashMap<>();
    List<PolicyAttachment> attached = new ArrayList<>();
    List<String> detached = new ArrayList<>();
    List<Edit<?>> writes = new ArrayList<>();
    List<PolicyAttachment> leftOut = new ArrayList<>();
    Problems problems = new Problems();
    Set<Place> orphans = history.orphans(number);
    Set<Place> broughtAlong = history.broughtAlong(number);
    for (Map.Entry<Place, Optional<Entry<?>>> each : history.asOf(number).entrySet()) {
      String name = each.getKey().name();
      Entry<?> then = each.getValue().orElse(null);
      Entry<?> now = now(each.getKey().what(), name);
      if (isSame(then, now)) {
        continue;
      }
      if (then instanceof StoredPolicy policy) {
        StoredPolicies.parse(name, policy.format(), policy.document(), problems)
            .ifPresent(parsed -> policies.put(name, Optional.of(parsed)));
        writes.add(Edit.put(Kind.POLICY, name, Condition.NONE, _ -> policy));
      } else if (then instanceof PolicyAttachment attachment) {
        if (orphans.contains(each.getKey()) || isForAnother(attachment, revision)) {
          leftOut.add(attachment);
          continue;
        }
        attached.add(attachment);
        writes.add(Edit.put(Kind.ATTACHMENT, name, Condition.NONE, _ -> attachment));
      } else if (each.getKey().what() == What.POLICY) {
        policies.put(name, Optional.empty());
        writes.add(Edit.remove(Kind.POLICY, name, Condition.NONE));
      } else if (!broughtAlong.contains(each.getKey())) {
        detached.add(name);
        writes.add(Edit.remove(Kind.ATTACHMENT, name, Condition.NONE));
      }
    }
    if (!problems.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    return new Back(
        new Proposal(new PolicyEdit(policies, attached, detached), writes), List.copyOf(leftOut));
  }

  /**
   * Whether who had an attachment then is not who has the name now, as far as the registry shows. A
   * later one gets nothing that the earlier one had. What need not be registered may be there
   * without being known here; if it was registered and was removed, the history knows.
   */
  private boolean isForAnother(PolicyAttachment attachment, PolicyRevision then) {
    String target = attachment.target();
    return switch (attachment.targetKind()) {
      case DEVICE -> isGone(registry.device(target), then, true);
      case CERTIFICATE, GROUP -> false; // a fingerprint is never another's; tokens name groups too
      case USER -> isGone(registry.find(Kind.USER, target), then, false);
      case JWT_ISSUER -> isGone(registry.find(Kind.JWT_ISSUER, target), then, false);
    };
  }

  private static boolean isGone(
      @Nullable Entry<?> now, PolicyRevision then, boolean mustBeRegistered) {
    return now == null ? mustBeRegistered : now.stamp().createdAtMillis() > then.atMillis();
  }

  private static boolean isSame(@Nullable Entry<?> then, @Nullable Entry<?> now) {
    if (then == null || now == null) {
      return then == now;
    }
    return then.withStamp(Stamp.NEW).equals(now.withStamp(Stamp.NEW));
  }
}
