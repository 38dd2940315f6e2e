package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import io.signalbox.pki.NameConstraints;
import io.signalbox.pki.NameConstraints.Kind;
import io.signalbox.pki.NameConstraints.Subtree;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an issuing authority is made with and never changes.
 *
 * @param keyType such as {@code ec-p256}
 * @param alternativeKeyType of the post-quantum key with which it signs a second time; null: none
 * @param onToken whether its key lives in the PKCS#11 token of the configuration
 * @param parent issuing authority that signed it; null: itself, or somebody elsewhere
 * @param offline whether somebody elsewhere signs it
 * @param pathLength 0..4 levels of authorities below it
 * @param names that it and those below it may certify
 */
public record AuthorityForm(
    String commonName,
    String keyType,
    @Nullable String alternativeKeyType,
    boolean onToken,
    @Nullable String parent,
    boolean offline,
    int validityHours,
    int pathLength,
    NameConstraints names) {

  /** Those that everybody's TLS library reads. */
  static final List<String> KEY_TYPES =
      List.of("ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519");

  /** Post-quantum ones, which the configuration must allow. */
  private static final List<String> EXPERIMENTAL = List.of("ml-dsa-44", "ml-dsa-65");

  private static final List<String> ALL_KEY_TYPES = join(KEY_TYPES, EXPERIMENTAL);
  private static final List<String> TOKEN_KEY_TYPES = KEY_TYPES.subList(0, 5);
  private static final String NO_KEY = "none";
  static final int VALIDITY_HOURS_MAX = 876_000;
  private static final int SUBTREES_MAX = 32;

  private static final Map<Kind, String> MEMBERS =
      Map.of(Kind.DNS, "Dns", Kind.IP, "Ip", Kind.URI_HOST, "UriHosts", Kind.EMAIL, "Emails");

  private static List<String> join(List<String> some, List<String> others) {
    List<String> all = new ArrayList<>(some);
    all.addAll(others);
    return List.copyOf(all);
  }

  /** The form of the development PKI's issuing authority. */
  static AuthorityForm development(String commonName) {
    return new AuthorityForm(
        commonName, "ec-p256", null, false, null, false, 87_600, 0, NameConstraints.NONE);
  }

  /** What is not said again of an authority that exists stays as it was. */
  static AuthorityForm read(String name, Fields in, @Nullable AuthorityForm earlier) {
    AuthorityForm d = earlier == null ? development(name) : earlier;
    String parent = in.has("parent") ? in.optionalName("parent") : d.parent;
    boolean offline = in.flag("offline", d.offline);
    if (parent != null && offline) {
      in.problem("offline", "goes with parent only one at a time");
    }
    String commonName = in.text("commonName", d.commonName, 64);
    if (commonName.isBlank()) {
      in.problem("commonName", "must not be empty");
    }
    String keyType = in.choice("keyType", d.keyType, ALL_KEY_TYPES);
    boolean onToken =
        in.choice("keyStore", d.onToken ? "token" : "file", List.of("file", "token"))
            .equals("token");
    if (onToken && parent == null && !offline) {
      in.problem("keyStore", "a key on the token needs somebody who signs: parent, or offline");
    }
    if (onToken && !TOKEN_KEY_TYPES.contains(keyType)) {
      in.problem("keyType", "a token keeps " + String.join(", ", TOKEN_KEY_TYPES));
    }
    String second = second(in, d);
    if (second != null && (onToken || offline)) {
      in.problem("alternativeKeyType", "goes with keys in files that are signed here");
    }
    NameConstraints names = in.has("nameConstraints") ? names(in, d.names) : d.names;
    if (offline && !names.equals(NameConstraints.NONE)) {
      in.problem("nameConstraints", "are put into the certificate by the root that is elsewhere");
    }
    return new AuthorityForm(
        commonName,
        keyType,
        second,
        onToken,
        parent,
        offline,
        (int) in.number("validityHours", d.validityHours, 1, VALIDITY_HOURS_MAX),
        (int) in.number("pathLength", d.pathLength, 0, 4),
        names);
  }

  private static @Nullable String second(Fields in, AuthorityForm d) {
    String otherwise = d.alternativeKeyType == null ? NO_KEY : d.alternativeKeyType;
    String found = in.choice("alternativeKeyType", otherwise, join(List.of(NO_KEY), EXPERIMENTAL));
    return found.equals(NO_KEY) ? null : found;
  }

  /** The same names in another order are no change: they stay in that of the certificate. */
  private static NameConstraints names(Fields in, NameConstraints earlier) {
    Fields part = in.part("nameConstraints");
    List<Subtree> permitted = new ArrayList<>();
    List<Subtree> excluded = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      permitted.addAll(subtrees(part, "permitted", kind));
      excluded.addAll(subtrees(part, "excluded", kind));
    }
    part.endPart();
    var names = new NameConstraints(permitted, excluded);
    return names.isSameAs(earlier) ? earlier : names;
  }

  private static List<Subtree> subtrees(Fields in, String prefix, Kind kind) {
    return in
        .texts(prefix + MEMBERS.get(kind), SUBTREES_MAX, 253, kind::isGood, kind.rule())
        .stream()
        .map(value -> new Subtree(kind, value))
        .toList();
  }

  /** Whether it needs what the configuration must allow. */
  boolean isExperimental() {
    return alternativeKeyType != null || EXPERIMENTAL.contains(keyType);
  }

  void write(JsonObject out) {
    out.addProperty("commonName", commonName);
    out.addProperty("keyType", keyType);
    JsonOut.optional(out, "alternativeKeyType", alternativeKeyType);
    out.addProperty("keyStore", onToken ? "token" : "file");
    JsonOut.optional(out, "parent", parent);
    out.addProperty("offline", offline);
    out.addProperty("validityHours", validityHours);
    out.addProperty("pathLength", pathLength);
    if (!names.equals(NameConstraints.NONE)) {
      var limits = new JsonObject();
      for (Kind kind : Kind.values()) {
        write(limits, "permitted" + MEMBERS.get(kind), names.permitted(), kind);
        write(limits, "excluded" + MEMBERS.get(kind), names.excluded(), kind);
      }
      out.add("nameConstraints", limits);
    }
  }

  private static void write(JsonObject out, String member, List<Subtree> subtrees, Kind kind) {
    List<String> values =
        subtrees.stream().filter(tree -> tree.kind() == kind).map(Subtree::value).toList();
    if (!values.isEmpty()) {
      out.add(member, JsonOut.list(values));
    }
  }
}
