// One icon a category; what staff write down has that of its method.
import CalendarDays from '@lucide/svelte/icons/calendar-days';
import CircleUser from '@lucide/svelte/icons/circle-user';
import CreditCard from '@lucide/svelte/icons/credit-card';
import FileSignature from '@lucide/svelte/icons/file-pen-line';
import FileText from '@lucide/svelte/icons/file-text';
import IdCard from '@lucide/svelte/icons/id-card';
import ListChecks from '@lucide/svelte/icons/list-checks';
import Mail from '@lucide/svelte/icons/mail';
import Megaphone from '@lucide/svelte/icons/megaphone';
import MessageSquare from '@lucide/svelte/icons/message-square';
import Phone from '@lucide/svelte/icons/phone';
import Shield from '@lucide/svelte/icons/shield';
import Smartphone from '@lucide/svelte/icons/smartphone';
import StickyNote from '@lucide/svelte/icons/sticky-note';
import Users from '@lucide/svelte/icons/users';
import Video from '@lucide/svelte/icons/video';
import type { Component } from 'svelte';
import type { Category } from '$ui';
import type { Entry } from './queries';

type Icon = Component<{ size?: number; 'aria-hidden'?: 'true' }>;

const of_category: Record<Category, Icon> = {
  contracts: FileSignature,
  appointments: CalendarDays,
  payments: CreditCard,
  messages: Mail,
  notes: StickyNote,
  documents: FileText,
  tasks: ListChecks,
  account: CircleUser,
  marketing: Megaphone,
  data_protection: Shield,
  profile: IdCard,
};

const of_method: Record<string, Icon> = {
  phone: Phone,
  in_person: Users,
  email: Mail,
  mail: Mail,
  sms: MessageSquare,
  chat: MessageSquare,
  push: Smartphone,
  video: Video,
};

export function icon_of(entry: Pick<Entry, 'category' | 'method'>): Icon {
  const written = entry.category === 'notes' || entry.category === 'messages';
  return (written && entry.method && of_method[entry.method]) || of_category[entry.category];
}
