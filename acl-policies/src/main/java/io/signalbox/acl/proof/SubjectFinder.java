package io.signalbox.acl.proof;

import io.signalbox.acl.model.Cidr;
import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.proof.Fact.From;
import io.signalbox.acl.proof.Fact.Has;
import io.signalbox.acl.proof.Fact.Tls;
import io.signalbox.acl.proof.Formula.Atom;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import io.signalbox.acl.subject.AuthMethod;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.Transport;
import java.net.InetAddress;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes a client that satisfies demands, or finds that there is none.
 *
 * <p>What belongs together in the real world is kept together: a certificate has a CA, a serial and
 * a fingerprint, a token has an issuer, a connection with TLS has a version, a client that proved
 * itself by certificate has one.
 */
final class SubjectFinder {
  private static final Glob ANY = Glob.ANY;

  /** How clients without further demands come in, the most usual first. */
  private static final List<Transport> TRANSPORTS =
      List.of(Transport.MQTTS, Transport.WSS, Transport.MQTT, Transport.WS);

  private final Demands demands;
  private final Effort effort;
  private final Map<Attribute, List<String>> values = new LinkedHashMap<>();
  private final Map<Attribute, String> slots = new LinkedHashMap<>();
  private final Taken taken;

  private SubjectFinder(Demands demands, Set<String> avoid, Effort effort) {
    this.demands = demands;
    this.effort = effort;
    this.taken = new Taken(avoid);
  }

  /** All texts of a bundle, which are not copied for each client, and those of this client. */
  private static final class Taken extends AbstractSet<String> {
    private final Set<String> avoid;
    private final Set<String> own = new HashSet<>();

    Taken(Set<String> avoid) {
      this.avoid = avoid;
    }

    @Override
    public boolean add(String text) {
      return !avoid.contains(text) && own.add(text);
    }

    @Override
    public boolean contains(Object text) {
      return own.contains(text) || avoid.contains(text);
    }

    @Override
    public Iterator<String> iterator() {
      return Stream.concat(avoid.stream(), own.stream()).iterator();
    }

    @Override
    public int size() {
      return avoid.size() + own.size();
    }
  }

  /**
   * @param wanted attributes that should have a usable value if nothing speaks against it
   * @param avoid values that should not be used if others will do
   * @throws TooComplex when it was given up
   */
  static Optional<Candidate> find(
      Demands demands, Collection<Attribute> wanted, Set<String> avoid, Effort effort) {
    for (AuthMethod method : methods(demands)) {
      Demands more = withDependencies(demands, method);
      Optional<Candidate> found = new SubjectFinder(more, avoid, effort).find();
      if (found.isEmpty()) {
        continue;
      }
      for (Attribute attribute : wanted) {
        if (attribute.of(found.get().subject()).isEmpty()) {
          Demands richer = withDependencies(more.with(present(attribute), true), method);
          Optional<Candidate> rich = new SubjectFinder(richer, avoid, effort).find();
          if (rich.isPresent()) {
            more = richer;
            found = rich;
          }
        }
      }
      return found;
    }
    return Optional.empty();
  }

  /** Those first that demand nothing more than what is there. */
  private static List<AuthMethod> methods(Demands demands) {
    Set<Kind> used = used(demands);
    Set<AuthMethod> methods = new LinkedHashSet<>();
    if (used.stream().anyMatch(SubjectFinder::isOfCertificate)) {
      methods.add(AuthMethod.CERTIFICATE);
    }
    if (used.stream().anyMatch(SubjectFinder::isOfToken)) {
      methods.add(AuthMethod.JWT);
    }
    if (used.contains(Kind.USER_NAME)) {
      methods.add(AuthMethod.PASSWORD);
    }
    methods.add(AuthMethod.ENHANCED);
    methods.addAll(List.of(AuthMethod.values()));
    return List.copyOf(methods);
  }

  private static Set<Kind> used(Demands demands) {
    Set<Kind> used = new LinkedHashSet<>();
    demands.slots.keySet().forEach(attribute -> used.add(Twin.origin(attribute).kind()));
    for (Atom atom : demands.atoms) {
      if (atom.positive() && atom.fact() instanceof Has(Attribute attribute, _)) {
        used.add(attribute.kind());
      }
    }
    return used;
  }

  static Test present(Attribute attribute) {
    return new Test(attribute, List.of(ANY));
  }

  /** Adds what the world demands together with these demands. */
  private static Demands withDependencies(Demands demands, AuthMethod method) {
    Demands more =
        demands.with(
            new Test(new Attribute(Kind.AUTH_METHOD), List.of(new Glob(method.word()))), true);
    Set<Kind> used = used(demands);
    if (method == AuthMethod.CERTIFICATE
        || used.stream().anyMatch(SubjectFinder::isOfCertificate)) {
      for (Kind kind : List.of(Kind.CERT_CA, Kind.CERT_SERIAL, Kind.CERT_FINGERPRINT)) {
        more = more.with(present(new Attribute(kind)), true);
      }
    }
    if (method == AuthMethod.JWT || used.stream().anyMatch(SubjectFinder::isOfToken)) {
      more = more.with(present(new Attribute(Kind.JWT_ISSUER)), true);
    }
    if (method == AuthMethod.PASSWORD) {
      more = more.with(present(new Attribute(Kind.USER_NAME)), true);
    }
    return more.with(present(new Attribute(Kind.CLIENT_ID)), true)
        .with(present(new Attribute(Kind.LISTENER)), true);
  }

  private static boolean isOfCertificate(Kind kind) {
    return switch (kind) {
      case CERT_CA,
          CERT_CN,
          CERT_SERIAL,
          CERT_FINGERPRINT,
          CERT_ISSUER_CN,
          CERT_OU,
          CERT_DNS_SAN,
          CERT_URI_SAN,
          CERT_EMAIL_SAN ->
          true;
      default -> false;
    };
  }

  private static boolean isOfToken(Kind kind) {
    return switch (kind) {
      case JWT_ISSUER, JWT_SUB, JWT_AUD, JWT_CLAIM -> true;
      default -> false;
    };
  }

  private Optional<Candidate> find() {
    for (Optional<SlotGroup> group : SlotGroup.of(demands)) {
      if (group.isEmpty() || !fillSlots(group.get())) {
        return Optional.empty();
      }
    }
    for (Attribute attribute : requiredAttributes()) {
      if (!fill(attribute)) {
        return Optional.empty();
      }
    }
    Optional<Connection> connection = connection();
    Optional<InetAddress> source = source();
    if (connection.isEmpty() || source.isEmpty()) {
      return Optional.empty();
    }
    return SubjectDraft.build(
            values, connection.get().transport, connection.get().tls, source.get())
        .map(subject -> new Candidate(subject, slots))
        .filter(this::satisfies);
  }

  /**
   * The last word: whatever was overlooked above, only a client that does satisfy is handed out.
   */
  private boolean satisfies(Candidate candidate) {
    return demands.atoms.stream()
        .allMatch(atom -> holds(atom.fact(), candidate) == atom.positive());
  }

  private static boolean holds(Fact fact, Candidate candidate) {
    if (fact instanceof Has(Attribute attribute, AnyOf anyOf) && Twin.is(attribute)) {
      String value = candidate.slots().get(attribute);
      return value != null && anyOf.matches(value);
    }
    return fact.holdsFor(candidate.subject());
  }

  private boolean fillSlots(SlotGroup group) {
    List<Word.Part> parts = new ArrayList<>();
    Set<String> exact = new HashSet<>();
    for (SlotGroup.Member member : group.members()) {
      Attribute slot = member.slot();
      List<AnyOf> forbidden = forbidden(slot);
      if (demands.leading.contains(slot)) {
        forbidden.add(Word.DOLLAR);
      }
      List<AnyOf> required = new ArrayList<>(demands.shapes.getOrDefault(slot, List.of()));
      if (!slot.isMultiValued()) {
        required.addAll(required(slot));
      }
      parts.add(
          new Word.Part(
              member.before(),
              member.after(),
              required,
              forbidden,
              demands.slots.getOrDefault(slot, Set.of())));
      String value = demands.exact.get(slot);
      if (value != null) {
        exact.add(member.inner(value).orElse(""));
      }
    }
    Word word = new Word(parts, true);
    Optional<String> value =
        exact.isEmpty()
            ? word.find(taken, seed(group.members().getFirst().slot()), effort)
            : Optional.of(exact.iterator().next())
                .filter(only -> exact.size() == 1 && word.accepts(only));
    value.ifPresent(
        found ->
            group
                .members()
                .forEach(
                    member -> {
                      String text = member.before() + found + member.after();
                      slots.put(member.slot(), text);
                      add(Twin.origin(member.slot()), text);
                    }));
    return value.isPresent();
  }

  /** Values for what is required of an attribute beyond its slot. */
  private boolean fill(Attribute attribute) {
    if (attribute.kind() == Kind.TRANSPORT) {
      return true; // chosen with the TLS version
    }
    List<AnyOf> required = required(attribute);
    if (!attribute.isMultiValued()) {
      return values.containsKey(attribute) || fill(attribute, required);
    }
    for (AnyOf any : required) {
      boolean there = values.getOrDefault(attribute, List.of()).stream().anyMatch(any::matches);
      if (!there && !fill(attribute, List.of(any))) {
        return false;
      }
    }
    return true;
  }

  /** One more value; usable in a level when possible, so that no deny grows wide by it. */
  private boolean fill(Attribute attribute, List<AnyOf> required) {
    Word word = new Word(required, forbidden(attribute), true);
    Optional<String> value = word.find(taken, seed(attribute), effort);
    if (value.isEmpty()) {
      value = new Word(word.parts(), false).find(taken, seed(attribute), effort);
    }
    value.ifPresent(found -> add(attribute, found));
    return value.isPresent();
  }

  private void add(Attribute attribute, String value) {
    taken.add(value);
    List<String> all = values.computeIfAbsent(attribute, _ -> new ArrayList<>());
    if (!all.contains(value)) {
      all.add(value);
    }
  }

  private Set<Attribute> requiredAttributes() {
    Set<Attribute> attributes = new LinkedHashSet<>();
    for (Atom atom : demands.atoms) {
      if (atom.positive() && atom.fact() instanceof Has(Attribute attribute, _)) {
        attributes.add(attribute);
      }
    }
    return attributes;
  }

  private List<AnyOf> required(Attribute attribute) {
    return facts(attribute, true);
  }

  private List<AnyOf> forbidden(Attribute attribute) {
    List<AnyOf> forbidden = facts(attribute, false);
    if (Twin.is(attribute)) {
      forbidden.addAll(facts(Twin.origin(attribute), false));
    }
    return forbidden;
  }

  private List<AnyOf> facts(Attribute attribute, boolean positive) {
    List<AnyOf> facts = new ArrayList<>();
    for (Atom atom : demands.atoms) {
      if (atom.positive() == positive
          && atom.fact() instanceof Has(Attribute of, AnyOf anyOf)
          && of.equals(attribute)) {
        facts.add(anyOf);
      }
    }
    return facts;
  }

  private record Connection(Transport transport, @Nullable TlsVersion tls) {}

  private Optional<Connection> connection() {
    Attribute attribute = new Attribute(Kind.TRANSPORT);
    Word word = new Word(required(attribute), forbidden(attribute), false);
    for (Transport transport : TRANSPORTS) {
      if (!word.accepts(transport.word())) {
        continue;
      }
      List<TlsVersion> versions =
          transport.isEncrypted() ? List.of(TlsVersion.V1_3, TlsVersion.V1_2) : List.of();
      for (TlsVersion version : versions) {
        if (fitsTls(version)) {
          return Optional.of(new Connection(transport, version));
        }
      }
      if (!transport.isEncrypted() && fitsTls(null)) {
        return Optional.of(new Connection(transport, null));
      }
    }
    return Optional.empty();
  }

  private boolean fitsTls(@Nullable TlsVersion version) {
    for (Atom atom : demands.atoms) {
      if (atom.fact() instanceof Tls(List<TlsVersion> versions)
          && (version != null && versions.contains(version)) != atom.positive()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Truth changes only at the ends of blocks, so that these and their neighbours are all there is.
   */
  private Optional<InetAddress> source() {
    List<InetAddress> candidates = new ArrayList<>(Addresses.USUAL);
    for (Atom atom : demands.atoms) {
      if (atom.fact() instanceof From(List<Cidr> blocks)) {
        blocks.forEach(block -> candidates.addAll(Addresses.around(block)));
      }
    }
    return candidates.stream().filter(this::fitsSource).findFirst();
  }

  private boolean fitsSource(InetAddress source) {
    for (Atom atom : demands.atoms) {
      if (atom.fact() instanceof From(List<Cidr> blocks)
          && blocks.stream().anyMatch(block -> block.contains(source)) != atom.positive()) {
        return false;
      }
    }
    return true;
  }

  /** A recognizable value for an attribute that may be anything. */
  private static String seed(Attribute attribute) {
    String name = Twin.origin(attribute).toString().replaceAll("[^A-Za-z]", "-");
    return "some-" + name;
  }
}
