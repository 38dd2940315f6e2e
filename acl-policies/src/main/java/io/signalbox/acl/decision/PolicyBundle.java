package io.signalbox.acl.decision;

import io.signalbox.acl.model.Mode;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Documents;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All policies and attachments of a moment, compiled. Immutable: a change makes a new bundle, and
 * the server swaps the reference.
 */
public final class PolicyBundle {
  /** Denies everything to everybody. */
  public static final PolicyBundle EMPTY = new PolicyBundle(List.of(), List.of(), null);

  /** What a token may hold in its acl claim: it comes with every CONNECT. */
  private static final SourceLimits CLAIM_LIMITS = new SourceLimits(65_536, 8, 2_000);

  /** Distinct combinations of policies that are kept compiled; beyond, all are made anew. */
  private static final int SETS_MAX = 16_384;

  /** Indexes of policies that are bound together, ascending. */
  private record Combination(int[] indexes) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Combination(int[] theirs) && Arrays.equals(indexes, theirs);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(indexes);
    }
  }

  private final List<Policy> policies;
  private final List<Attachment> attachments;
  private final String hash;
  private final BindingIndex index;
  private final @Nullable PolicyBundle shadow;

  /**
   * Hashes of policies, which cost much. By identity: what did not change between two bundles is
   * the same object in both.
   */
  private final IdentityHashMap<Policy, String> hashes;

  /** What the hash takes of each attachment, sorted. */
  private final List<String> attachmentTexts;

  private final Effects effects;
  private final Map<Combination, PolicySet> sets = new ConcurrentHashMap<>();

  private PolicyBundle(
      List<Policy> policies, List<Attachment> attachments, @Nullable PolicyBundle shadow) {
    this(policies, attachments, shadow, new IdentityHashMap<>());
  }

  private PolicyBundle(
      List<Policy> policies,
      List<Attachment> attachments,
      @Nullable PolicyBundle shadow,
      IdentityHashMap<Policy, String> known) {
    this.policies = policies.stream().sorted(Comparator.comparing(Policy::ref)).toList();
    this.attachments = List.copyOf(attachments);
    this.shadow = shadow;
    this.index = new BindingIndex(this.policies, this.attachments);
    this.hashes = hashes(this.policies, known);
    this.attachmentTexts = this.attachments.stream().map(PolicyBundle::text).sorted().toList();
    this.effects = new Effects();
    this.hash = hashOfAll();
  }

  /** The same policies, bound to others. */
  private PolicyBundle(PolicyBundle before, List<Attachment> added, Set<Attachment> removed) {
    this.policies = before.policies;
    this.attachments = changed(before.attachments, added, removed);
    this.shadow = before.shadow == null ? null : new PolicyBundle(before.shadow, added, removed);
    this.index = before.index.attaching(added, removed);
    this.hashes = before.hashes;
    List<String> texts = new ArrayList<>(before.attachmentTexts);
    removed.forEach(attachment -> remove(texts, text(attachment)));
    added.forEach(attachment -> add(texts, text(attachment)));
    this.attachmentTexts = List.copyOf(texts);
    this.effects = before.effects;
    this.hash = hashOfAll();
  }

  private static List<Attachment> changed(
      List<Attachment> before, List<Attachment> added, Set<Attachment> removed) {
    List<Attachment> now = new ArrayList<>(before.size() + added.size());
    for (Attachment attachment : before) {
      if (removed.isEmpty() || !removed.contains(attachment)) {
        now.add(attachment);
      }
    }
    now.addAll(added);
    return List.copyOf(now);
  }

  private static String text(Attachment attachment) {
    return attachment.policy() + " " + attachment.kind() + " " + attachment.target();
  }

  private static void add(List<String> sorted, String text) {
    int place = Collections.binarySearch(sorted, text);
    sorted.add(place < 0 ? -place - 1 : place, text);
  }

  private static void remove(List<String> sorted, String text) {
    int place = Collections.binarySearch(sorted, text);
    if (place >= 0) {
      sorted.remove(place);
    }
  }

  /**
   * This bundle with other attachments: the same as compiling it anew, for a fraction of the time.
   *
   * @param added those to a policy that is not there bind nobody
   * @param removed those that are not there do not matter
   */
  public PolicyBundle attaching(List<Attachment> added, List<Attachment> removed) {
    Set<Attachment> going =
        removed.stream().filter(this::isAttached).collect(Collectors.toUnmodifiableSet());
    List<Attachment> coming =
        added.stream()
            .distinct()
            .filter(each -> has(each.policy()) && (!isAttached(each) || going.contains(each)))
            .toList();
    return coming.isEmpty() && going.isEmpty() ? this : new PolicyBundle(this, coming, going);
  }

  private boolean isAttached(Attachment attachment) {
    return Collections.binarySearch(attachmentTexts, text(attachment)) >= 0;
  }

  /**
   * Whether a policy is in force or observed.
   *
   * @param ref {@code namespace:name}
   */
  public boolean has(String ref) {
    return index.has(ref) || (shadow != null && shadow.has(ref));
  }

  /**
   * As {@link #has}; a policy may be named without its namespace too, as where clients are
   * described for tests.
   */
  public boolean hasNamed(String refOrName) {
    return has(refOrName)
        || policies.stream().anyMatch(policy -> policy.name().equals(refOrName))
        || (shadow != null && shadow.hasNamed(refOrName));
  }

  /**
   * Compiles.
   *
   * <p>Policies with {@code mode: observe} go to the {@link #shadow()}, which holds the enforced
   * ones as well, less those that an observed one replaces.
   *
   * @return empty when {@code problems} grew: a name that stands twice, an attachment or {@code
   *     replaces} to a policy that is not there
   */
  public static Optional<PolicyBundle> compile(
      List<Policy> policies, List<Attachment> attachments, Problems problems) {
    return compile(policies, attachments, EMPTY, problems);
  }

  /**
   * As {@link #compile(List, List, Problems)}, quicker.
   *
   * @param before a bundle that has many of the same policies, as the same objects
   */
  public static Optional<PolicyBundle> compile(
      List<Policy> policies, List<Attachment> attachments, PolicyBundle before, Problems problems) {
    IdentityHashMap<Policy, String> known = before.allHashes();
    int problemsBefore = problems.count();
    Set<String> refs = new HashSet<>();
    for (Policy policy : policies) {
      if (!refs.add(policy.ref())) {
        problems.add(
            policy.position(),
            "the name \"%s\" is taken by another policy".formatted(policy.name()));
      }
    }
    for (Attachment attachment : attachments) {
      if (!refs.contains(attachment.policy())) {
        problems.add(
            Position.none("attachments"),
            "there is no policy \"%s\" to attach to %s \"%s\""
                .formatted(attachment.policy(), attachment.kind().word(), attachment.target()));
      }
    }
    List<Policy> enforced =
        policies.stream().filter(policy -> policy.mode() == Mode.ENFORCE).toList();
    PolicyBundle shadow = null;
    if (enforced.size() < policies.size()) {
      shadow = new PolicyBundle(observed(policies, refs, problems), attachments, null, known);
    }
    return problems.count() == problemsBefore
        ? Optional.of(new PolicyBundle(enforced, attachments, shadow, known))
        : Optional.empty();
  }

  private IdentityHashMap<Policy, String> allHashes() {
    if (shadow == null) {
      return hashes;
    }
    IdentityHashMap<Policy, String> all = new IdentityHashMap<>(shadow.hashes);
    all.putAll(hashes);
    return all;
  }

  private static IdentityHashMap<Policy, String> hashes(
      List<Policy> policies, IdentityHashMap<Policy, String> known) {
    IdentityHashMap<Policy, String> hashes = new IdentityHashMap<>(policies.size());
    List<Policy> fresh = new ArrayList<>();
    for (Policy policy : policies) {
      String hash = known.get(policy);
      if (hash == null) {
        fresh.add(policy);
      } else {
        hashes.put(policy, hash);
      }
    }
    List<String> made =
        fresh.parallelStream().map(policy -> Hash.of(PolicyJson.of(policy))).toList();
    for (int i = 0; i < made.size(); i++) {
      hashes.put(fresh.get(i), made.get(i));
    }
    return hashes;
  }

  private static List<Policy> observed(List<Policy> policies, Set<String> refs, Problems problems) {
    Set<String> replaced = new HashSet<>();
    for (Policy policy : policies) {
      if (policy.replaces().isPresent()) {
        String ref = policy.namespace() + ":" + policy.replaces().get();
        replaced.add(ref);
        if (!refs.contains(ref)) {
          problems.add(
              policy.position(),
              "\"replaces\" names policy \"%s\", which is not there"
                  .formatted(policy.replaces().get()));
        }
      }
    }
    return policies.stream().filter(policy -> !replaced.contains(policy.ref())).toList();
  }

  /** This bundle in force, and another one, say a candidate as a whole, observed beside it. */
  public PolicyBundle observing(PolicyBundle candidate) {
    return new PolicyBundle(policies, attachments, candidate, hashes);
  }

  /** In the order of their names. */
  public List<Policy> policies() {
    return policies;
  }

  public List<Attachment> attachments() {
    return attachments;
  }

  /** SHA-256 over all policies in force and attachments, in hexadecimal; comments do not count. */
  public String hash() {
    return hash;
  }

  /**
   * SHA-256 over the policies of all namespaces but one, observed ones too, and no attachments.
   *
   * @return in hexadecimal
   */
  public String hashWithout(String namespace) {
    IdentityHashMap<Policy, String> all = allHashes();
    return Hash.ofAll(
        all.keySet().stream()
            .filter(policy -> !policy.namespace().equals(namespace))
            .sorted(Comparator.comparing(Policy::ref))
            .flatMap(policy -> Stream.of(policy.namespace(), String.valueOf(all.get(policy))))
            .toList());
  }

  /** Whether both decide the same for every client, and observe the same. */
  public boolean sameAs(PolicyBundle other) {
    String mine = shadow == null ? "" : shadow.hash;
    String theirs = other.shadow == null ? "" : other.shadow.hash;
    return hash.equals(other.hash) && mine.equals(theirs);
  }

  public Optional<PolicyBundle> shadow() {
    return Optional.ofNullable(shadow);
  }

  /** The policies that bind to a client. */
  public List<Policy> boundTo(Subject subject) {
    return of(index.find(subject));
  }

  /** Everything that is fixed for one MQTT session of a client, made ready. */
  public BoundPolicies bind(Subject subject) {
    return bind(subject, List.of());
  }

  /**
   * As {@link #bind(Subject)}, as if further policies were attached to the client: to try things
   * out.
   *
   * @param attached {@code namespace:name}, or a name alone for all policies of that name
   */
  public BoundPolicies bind(Subject subject, List<String> attached) {
    Problems problems = new Problems();
    Optional<Policy> claim = aclClaim(subject, problems);
    boolean grants =
        claim.isPresent()
            && subject.token() != null
            && subject.token().aclClaim() == AclClaim.GRANT;
    int[] bound = attached.isEmpty() ? index.find(subject) : with(index.find(subject), attached);
    PolicySet set = grants ? policySet(with(bound, claim.orElseThrow())) : policySet(bound);
    if (!problems.isEmpty()) {
      set = new PolicySet(List.of(), effects, hash, Reason.ERROR);
    }
    PolicySet.Bound narrowing = null;
    if (claim.isPresent() && !grants) {
      narrowing = policySet(List.of(claim.get())).bind(subject);
    }
    return new BoundPolicies(
        subject,
        set.bind(subject),
        narrowing,
        shadow == null ? null : shadow.bind(subject, attached),
        problems.list());
  }

  /** Every statement of the policies that bind to a client, as it stands for it. */
  public List<StatementView> view(Subject subject) {
    return views(boundTo(subject), subject);
  }

  /** As {@link #view}, of the acl claim of its token; empty without one that can be read. */
  public static Optional<List<StatementView>> viewClaim(Subject subject) {
    return aclClaim(subject, new Problems()).map(claim -> views(List.of(claim), subject));
  }

  private static List<StatementView> views(List<Policy> policies, Subject subject) {
    Substitution substitution = new Substitution(subject);
    List<StatementView> views = new ArrayList<>();
    for (Policy policy : policies) {
      for (Statement statement : policy.statements()) {
        views.add(
            StatementView.of(policy, statement, statement.where().holdsFor(subject), substitution));
      }
    }
    return views;
  }

  private int[] with(int[] bound, List<String> attached) {
    return IntStream.range(0, policies.size())
        .filter(
            i ->
                Arrays.binarySearch(bound, i) >= 0
                    || attached.contains(policies.get(i).ref())
                    || attached.contains(policies.get(i).name()))
        .toArray();
  }

  private List<Policy> with(int[] bound, Policy claim) {
    List<Policy> all = new ArrayList<>(of(bound));
    all.add(claim);
    all.sort(Comparator.comparing(Policy::ref));
    return all;
  }

  private List<Policy> of(int[] indexes) {
    return Arrays.stream(indexes).mapToObj(policies::get).toList();
  }

  private PolicySet policySet(List<Policy> bound) {
    return new PolicySet(bound, effects, hash, Reason.NO_MATCH);
  }

  private PolicySet policySet(int[] bound) {
    Combination combination = new Combination(bound);
    PolicySet known = sets.get(combination);
    if (known != null) {
      return known;
    }
    if (sets.size() >= SETS_MAX) {
      sets.clear();
    }
    PolicySet made = policySet(of(bound));
    sets.put(combination, made);
    return made;
  }

  /**
   * Gives back the memory of what was compiled for clients; it is compiled again for whoever asks.
   * For a bundle that is only kept to be rolled back to. Any thread.
   */
  public void forgetCompiled() {
    sets.clear();
    if (shadow != null) {
      shadow.forgetCompiled();
    }
  }

  private static Optional<Policy> aclClaim(Subject subject, Problems problems) {
    TokenAttributes token = subject.token();
    if (token == null || !token.claims().containsKey("acl")) {
      return Optional.empty();
    }
    return Documents.fromValue(
            "acl claim of the token", token.claims().get("acl"), CLAIM_LIMITS, problems)
        .flatMap(node -> PolicyParser.parseClaim(node, problems));
  }

  private String hashOfAll() {
    List<String> parts = new ArrayList<>();
    for (Policy policy : policies) {
      parts.add(policy.namespace());
      parts.add(Objects.requireNonNull(hashes.get(policy)));
    }
    parts.addAll(attachmentTexts);
    return Hash.ofAll(parts);
  }
}
