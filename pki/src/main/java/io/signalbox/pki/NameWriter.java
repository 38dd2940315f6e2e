package io.signalbox.pki;

import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/**
 * Writes names attribute by attribute; a name is never put together as text, where a comma could
 * begin another attribute.
 */
final class NameWriter {
  private NameWriter() {}

  static X500Name subject(SubjectNames names) {
    X500NameBuilder builder = new X500NameBuilder(BCStyle.INSTANCE);
    for (String unit : names.organizationalUnits()) {
      builder.addRDN(BCStyle.OU, unit);
    }
    if (!names.commonName().isEmpty()) {
      builder.addRDN(BCStyle.CN, names.commonName());
    }
    return builder.build();
  }

  static GeneralNames alternatives(SubjectNames names) {
    List<GeneralName> all = new ArrayList<>();
    names.dnsNames().forEach(name -> all.add(new GeneralName(GeneralName.dNSName, name)));
    names.ipAddresses().forEach(name -> all.add(new GeneralName(GeneralName.iPAddress, name)));
    names
        .uris()
        .forEach(name -> all.add(new GeneralName(GeneralName.uniformResourceIdentifier, name)));
    names.emails().forEach(name -> all.add(new GeneralName(GeneralName.rfc822Name, name)));
    return new GeneralNames(all.toArray(GeneralName[]::new));
  }
}
