// Who is signed in, and what the person may do.
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { api, setCsrf, whenSignedOut } from '../api/client';
import { Problem } from '../api/problem';
import type { Role, SessionInfo } from '../api/wire';
import { forget } from './load';

interface Visit {
  info: SessionInfo | undefined;
  problem: Problem | undefined;
  reload: () => Promise<void>;
  signOut: () => Promise<void>;
  may: (role: Role) => boolean;
}

const Context = createContext<Visit | null>(null);
const order: Role[] = ['viewer', 'marketer', 'admin'];

export function SessionProvider({ children }: { children: ReactNode }) {
  const [info, setInfo] = useState<SessionInfo>();
  const [problem, setProblem] = useState<Problem>();

  const reload = useCallback(async () => {
    try {
      const next = await api.session();
      setCsrf(next.csrf);
      setInfo(next);
      setProblem(undefined);
    } catch (cause) {
      setProblem(Problem.from(cause));
    }
  }, []);

  useEffect(() => {
    whenSignedOut(() => {
      forget(); // the next person may be allowed less
      void reload();
    });
    void reload();
  }, [reload]);

  const visit = useMemo<Visit>(
    () => ({
      info,
      problem,
      reload,
      signOut: async () => {
        await api.signOut();
        forget();
        await reload();
      },
      may: (role) => (info?.user ? order.indexOf(info.user.role) >= order.indexOf(role) : false),
    }),
    [info, problem, reload],
  );
  return <Context value={visit}>{children}</Context>;
}

export function useSession(): Visit {
  const visit = useContext(Context);
  if (!visit) throw new Error('useSession outside of SessionProvider');
  return visit;
}
