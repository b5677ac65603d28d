export default defineAppConfig({
  ui: {
    colors: { primary: 'teal', neutral: 'zinc', info: 'sky', warning: 'amber' },
    avatar: {
      defaultVariants: { color: 'primary' },
      compoundVariants: [{ color: 'primary', class: { fallback: 'text-(--primary-hover)' } }],
    },
    // The library lightens what is pointed at, and its label falls below 4.5:1.
    button: {
      compoundVariants: [
        {
          color: 'primary',
          variant: 'solid',
          class: 'hover:bg-(--primary-hover) active:bg-(--primary-hover)',
        },
        { color: 'error', variant: 'solid', class: 'hover:bg-(--error-hover) active:bg-(--error-hover)' },
      ],
    },
    card: { slots: { root: 'shadow-xs' } },
    formField: { slots: { error: 'mt-1.5 text-sm' } },
    // A dialog taller than the screen scrolls inside, so that its title and actions stay in reach.
    modal: { slots: { header: 'shrink-0', footer: 'justify-end' } },
    switch: { slots: { base: 'data-[state=unchecked]:bg-(--ui-border-accented)' } },
    table: {
      slots: {
        th: 'py-2.5 text-xs font-medium text-muted max-sm:px-2',
        td: 'py-3 align-middle max-sm:px-2',
        separator: 'bg-(--ui-border)',
      },
    },
  },
})
