package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.NamePolicy;
import io.signalbox.pki.PkiException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a device may ask a certificate for, beside its id.
 *
 * @param keyTypes that may be certified; empty: all
 * @param names that it may carry
 */
public record CsrRules(List<String> keyTypes, NamePolicy names) {
  private static final List<String> ANY = List.of("*");

  /** The device's id and no other name. */
  public static final CsrRules ID_ONLY = new CsrRules(List.of(), NamePolicy.DEVICE);

  /** For a request whose names are those of a certificate of ours. */
  public static final CsrRules SAME_NAMES =
      new CsrRules(
          List.of(), new NamePolicy(NamePolicy.DEVICE.commonName(), ANY, ANY, true, ANY, ANY));

  public CsrRules {
    keyTypes = List.copyOf(keyTypes);
  }

  /** Names at or below these, and nothing else; see {@link NamePolicy}. */
  public static CsrRules of(
      List<String> keyTypes,
      List<String> organizationalUnits,
      List<String> dnsDomains,
      List<String> uriPrefixes) {
    return new CsrRules(
        keyTypes,
        new NamePolicy(
            NamePolicy.DEVICE.commonName(),
            organizationalUnits,
            dnsDomains,
            false,
            uriPrefixes,
            List.of()));
  }

  /** The same names with keys of these types only; empty: of all. */
  public CsrRules withKeyTypes(List<String> others) {
    return new CsrRules(others, names);
  }

  /** Few different ones, so that many entries with them share their texts. */
  static List<String> readKeyTypes(Fields in) {
    return in
        .texts(
            "keyTypes",
            AuthorityForm.KEY_TYPES.size(),
            16,
            AuthorityForm.KEY_TYPES::contains,
            "one of " + String.join(", ", AuthorityForm.KEY_TYPES))
        .stream()
        .map(String::intern)
        .toList();
  }

  static CsrRules read(Fields in) {
    List<String> keyTypes = readKeyTypes(in);
    List<String> units = in.texts("organizationalUnits", 32, 64, u -> !u.isEmpty(), "not empty");
    List<String> domains = in.texts("dnsDomains", 32, 253, d -> !d.isEmpty(), "not empty");
    List<String> prefixes = in.texts("uriPrefixes", 32, 256, CsrRules::isPrefix, PREFIX_RULE);
    in.endPart();
    return of(keyTypes, units, domains, prefixes.stream().filter(CsrRules::isPrefix).toList());
  }

  private static final String PREFIX_RULE = "one that ends with a slash";

  private static boolean isPrefix(String text) {
    return text.endsWith("/");
  }

  JsonObject toJson() {
    var out = new JsonObject();
    out.add("keyTypes", JsonOut.list(keyTypes));
    out.add("organizationalUnits", JsonOut.list(names.organizationalUnits()));
    out.add("dnsDomains", JsonOut.list(names.dnsDomains()));
    out.add("uriPrefixes", JsonOut.list(names.uriPrefixes()));
    return out;
  }

  /** A profile with these rules in the place of its own. */
  CertificateProfile of(CertificateProfile profile) {
    Set<KeyAlgorithm> algorithms =
        Arrays.stream(KeyAlgorithm.values())
            .filter(algorithm -> keyTypes.contains(algorithm.configName()))
            .collect(Collectors.toSet());
    CertificateProfile named = profile.withNames(names);
    return keyTypes.isEmpty() ? named : named.withKeyAlgorithms(algorithms);
  }

  /**
   * Looks at a request before anything is done for it.
   *
   * @throws PkiException naming the first thing that is not allowed
   */
  public void check(CertificateSigningRequest request) throws PkiException {
    String type =
        KeyAlgorithm.of(request.publicKey()).map(KeyAlgorithm::configName).orElse("unknown");
    if (!keyTypes.isEmpty() && !keyTypes.contains(type)) {
      throw new PkiException("a key of type " + type + "; allowed are " + keyTypes);
    }
    names.check(request.names());
  }
}
