// The commands of `annals` and their flags. Each flag may also stand in the environment
// (ANNALS_DATA) or in the file that --config names.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "app/server.h"
#include "evidence/evidence.h"

namespace annals::app {

class Commands {
 public:
  /// Adds all commands to `app`, which must outlive this.
  explicit Commands(CLI::App& app);
  ~Commands() = default;
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  /// Runs the command that was parsed; its exit code. Throws base::Error.
  int run() { return chosen_(); }

 private:
  CLI::App* add(CLI::App& app, const std::string& name, const std::string& description,
                std::function<int()> body);
  void add_serve(CLI::App& app);
  void add_import(CLI::App& app);
  void add_backup(CLI::App& app);
  void add_demo(CLI::App& app);
  void add_rebuild(CLI::App& app);
  void add_migrate_engine(CLI::App& app);
  void need_folder(const std::string& instead) const;
  void add_business(CLI::App& app);
  void add_staff(CLI::App& app);
  void add_ledger(CLI::App& app);
  void add_verify(CLI::App& app);
  void add_export(CLI::App& app);
  [[nodiscard]] evidence::ExportOrder export_order() const;
  void add_routes(CLI::App& app);

  std::function<int()> chosen_;
  ServeOptions serve_;
  std::string business_;  // id or name, where the data has several
  std::string time_zone_;
  std::string currency_;
  std::string locale_ = "en";
  std::string import_data_;
  std::string import_mapping_;
  std::string import_rejected_;
  std::string import_warnings_;
  bool import_dry_run_ = false;
  std::string backup_to_;
  std::string backup_check_;
  std::string restore_from_;
  bool restore_replace_ = false;
  std::string ledger_reason_;
  std::vector<std::string> verify_known_;
  std::vector<std::string> verify_keys_;
  std::string verify_authorities_;
  std::string verify_state_;
  int verify_threads_ = 0;
  std::string server_;
  std::string api_key_;
  std::string export_bundle_;
  std::string export_contact_;
  std::string export_filter_;
  bool export_all_leaves_ = false;
  std::string staff_email_;
  std::string staff_name_;
  std::string staff_role_ = "staff";
};

}  // namespace annals::app
