#pragma once

#include <string>

namespace drs {

/// The certificate members of an endpoint's ssl object, secrets opened.
struct CertificateText {
  std::string base64;    ///< ssl_cert_key: Base64 of PEM text or of a PKCS #12 file (white space allowed)
  std::string password;  ///< ssl_cert_password, for PKCS #12
  std::string checkSum;  ///< ssl_cert_check_sum: SHA-256 of the decoded bytes, hex; empty = not checked
  std::string name;      ///< ssl_cert_name; a name that ends in .p12 or .pfx says PKCS #12
};

/// The certificates to trust, as PEM text. `path` names the ssl object in errors. Throws Error(valueNotAllowed); the
/// error never holds the certificate or its password.
[[nodiscard]] std::string decodeCertificate(const CertificateText& given, const std::string& path);

}  // namespace drs
