package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.NameConstraintValidatorException;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.PKIXNameConstraintValidator;

/**
 * What the trusted certificate of a path says about the certificates below it. PKIX takes a trust
 * anchor for a bare name and key and ignores this (RFC 5937 adds it); an authority that was limited
 * by its own root must stay limited when it is registered itself.
 */
final class AnchorConstraints {
  private AnchorConstraints() {}

  /** What the path violates, in words; empty if nothing. */
  static Optional<String> violation(List<X509Certificate> path) {
    X509Certificate anchor = path.getLast();
    long authoritiesBelow =
        path.subList(1, path.size() - 1).stream().filter(ca -> !isSelfIssued(ca)).count();
    if (authoritiesBelow > anchor.getBasicConstraints()) {
      return Optional.of(
          "has the path length "
              + anchor.getBasicConstraints()
              + " and "
              + authoritiesBelow
              + " authorities below it");
    }
    try {
      Extension extension = Certificates.holder(anchor).getExtension(Extension.nameConstraints);
      if (extension != null) {
        checkNames(
            NameConstraints.getInstance(extension.getParsedValue()),
            path.subList(0, path.size() - 1));
      }
      return Optional.empty();
    } catch (NameConstraintValidatorException e) {
      return Optional.of("does not permit a name below it: " + e.getMessage());
    } catch (RuntimeException e) {
      return Optional.of(
          "or a certificate below it has names that cannot be checked: " + e.getMessage());
    }
  }

  private static void checkNames(NameConstraints constraints, List<X509Certificate> below)
      throws NameConstraintValidatorException {
    PKIXNameConstraintValidator validator = new PKIXNameConstraintValidator();
    if (constraints.getPermittedSubtrees() != null) {
      validator.intersectPermittedSubtree(constraints.getPermittedSubtrees());
    }
    if (constraints.getExcludedSubtrees() != null) {
      for (GeneralSubtree subtree : constraints.getExcludedSubtrees()) {
        validator.addExcludedSubtree(subtree);
      }
    }
    for (X509Certificate certificate : below) {
      if (certificate.equals(below.getFirst())
          || !isSelfIssued(certificate)) { // RFC 5280 section 6.1.4 (b) exempts the others
        checkNames(validator, certificate);
      }
    }
  }

  private static void checkNames(PKIXNameConstraintValidator validator, X509Certificate certificate)
      throws NameConstraintValidatorException {
    X500Name subject = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    validator.checkPermittedDN(subject);
    validator.checkExcludedDN(subject);
    List<GeneralName> names = new ArrayList<>();
    Extension alternatives =
        Certificates.holder(certificate).getExtension(Extension.subjectAlternativeName);
    if (alternatives != null) {
      names.addAll(List.of(NameReader.alternatives(alternatives.getParsedValue())));
    }
    hostInCommonName(subject, names).ifPresent(names::add);
    for (GeneralName name : names) {
      validator.checkPermitted(name);
      validator.checkExcluded(name);
    }
  }

  /**
   * A common name that could be a host counts as one if there is no other DNS name: the JDK does so
   * for authorities inside a path.
   */
  private static Optional<GeneralName> hostInCommonName(X500Name subject, List<GeneralName> names) {
    String commonName = NameReader.read(subject, new GeneralName[0]).commonName();
    boolean hasDnsName = names.stream().anyMatch(name -> name.getTagNo() == GeneralName.dNSName);
    return hasDnsName || !HostNames.isDnsName(commonName)
        ? Optional.empty()
        : Optional.of(new GeneralName(GeneralName.dNSName, commonName));
  }

  private static boolean isSelfIssued(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
  }
}
