package io.signalbox.acl.proof;

import io.signalbox.acl.model.Cidr;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TlsVersion;
import java.util.List;

/** Something that is so or not so of a client. */
sealed interface Fact {
  boolean holdsFor(Subject subject);

  /** Some value of an attribute is matched by a glob. */
  record Has(Attribute attribute, AnyOf anyOf) implements Fact {
    @Override
    public boolean holdsFor(Subject subject) {
      return attribute.of(subject).stream().anyMatch(anyOf::matches);
    }
  }

  /** The connection uses one of these versions. */
  record Tls(List<TlsVersion> versions) implements Fact {
    @Override
    public boolean holdsFor(Subject subject) {
      var version = subject.tlsVersion();
      return version != null && versions.contains(version);
    }
  }

  /** The address is in one of these blocks. */
  record From(List<Cidr> blocks) implements Fact {
    @Override
    public boolean holdsFor(Subject subject) {
      var source = subject.source();
      return source != null && blocks.stream().anyMatch(block -> block.contains(source));
    }
  }
}
