// What happens to clients in every house: appointments with their reminders, invoices with their
// payments, messages with what became of them, notes and calls by staff.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "demo/story.h"

namespace annals::demo {

enum class Outcome { kCame, kDidNotCome, kCanceledByClient, kCanceledByStaff };

struct Visit {
  std::string what;
  std::int64_t day = 0;
  std::int64_t hour = 10;
  std::int64_t booked_days_before = 7;
  int staff = 1;
  Outcome outcome = Outcome::kCame;
  bool moved = false;        // to the same hour of the next day
  bool by_client = true;     // booked by the client, through the app
  bool text_message = true;  // the reminder, in place of an e-mail
};
/// Booked, confirmed, reminded, and how it ended. Returns the step that ended it.
std::size_t appointment(Story& story, std::size_t person, const Visit& visit);

struct Bill {
  std::string what;
  std::int64_t day = 0;
  std::int64_t cents = 0;
  std::string means = "card";  // card, cash, direct_debit, transfer
  bool fails_first = false;
  bool voided = false;
  bool paid = true;
  int staff = 0;
};
/// Returns the step of the payment, or of the invoice where none came.
std::size_t invoice(Story& story, std::size_t person, const Bill& bill);

/// Sent, and what became of it: delivered and opened, or worse.
void mail(Story& story, std::size_t person, base::Micros at, const std::string& subject,
          const std::string& text, int by = kAutomatic);
void newsletter(Story& story, std::size_t person, base::Micros at, const std::string& subject);
void text_message(Story& story, std::size_t person, base::Micros at, const std::string& text);
void push(Story& story, std::size_t person, base::Micros at, const std::string& text);
/// The client writes, staff answers within a day or two.
void conversation(Story& story, std::size_t person, std::int64_t day, int staff,
                  const std::string& subject, const std::string& question,
                  const std::string& answer);
/// A call with a note of what was said.
std::size_t call(Story& story, std::size_t person, base::Micros at, int staff, bool inbound,
                 const std::string& text);
std::size_t note(Story& story, std::size_t person, base::Micros at, int staff,
                 const std::string& text);
void birthdays(Story& story, std::size_t person, std::int64_t first_day);

/// A page of text as a PDF 1.4 file (ISO 32000), and as a plain text file.
[[nodiscard]] File pdf_file(const std::string& name, const std::vector<std::string>& lines);
[[nodiscard]] File text_file(const std::string& name, const std::string& text);

}  // namespace annals::demo
